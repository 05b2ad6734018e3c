"""G8: whatever somebody with every right in the database does to a sealed log, an outsider sees it offline.

A log is sealed, a witness keeps a checkpoint from the middle of it, and then a superuser without any guards changes
something. What the product exports afterwards is given to the offline verifier with what the auditor has: the log's key
and the witness's checkpoint. Every change must be found, and no untouched log may be accused.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from django.conf import settings

from audit.log import export, leaf
from audit.log.merkle import Tree
from audit.log.notes import public_key, sign_checkpoint
from audit.log.verifier.bundle import FAILURES, Trust, Verified, verify_bundle
from audit.log.verifier.notes import Checkpoint as Head
from audit.log.verifier.notes import Note
from audit.log.verifier.tree import leaf_hash
from audit.models import Event
from audit.tests.sealing import TABLES, happen, log_key, sealed, without_triggers
from common.errors import DomainError
from tests.world import World

Connection = psycopg.Connection[tuple[Any, ...]]
Verify = Callable[[Path, Trust], Verified]
FOREIGN_SEED = b"another key, of thirty-two bytes"
OTHER = {
    "action": "CASE action WHEN 'read' THEN 'update' ELSE 'read' END",
    "outcome": "CASE outcome WHEN 'denied' THEN 'success' ELSE 'denied' END",
    "audience": "CASE audience WHEN 'personal' THEN 'project' ELSE 'personal' END",
    "source": "CASE source WHEN 'webhook' THEN 'user' ELSE 'webhook' END",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "schema_version": "schema_version + 1",
    "concerns": "array_append(concerns, gen_random_uuid())",
    "ip_address": "'192.0.2.7'",
    "changes": """coalesce(changes, '{}') || '{"forged": [1, 2]}'""",
    "body": "body || ' '",
    "id": "overlay(id::text placing 'ffff' from 33)::uuid",
}
"""another value than the one there is, for the columns that do not take any text or uuid"""


@dataclass(slots=True)
class Tamperer:
    """A sealed log of one tenant, another's beside it, and a superuser's connection to spoil them."""

    world: World
    other: World
    connection: Connection
    trust: Trust
    size: int
    dice: random.Random = field(default_factory=lambda: random.Random(8))  # noqa: S311  # repeatable, no secret

    @property
    def tenant(self) -> Any:
        return self.world.tenant.id

    def sql(self, statement: str, **params: Any) -> None:
        with self.connection.transaction():
            self.connection.execute(statement.encode(), {"tenant": self.tenant, "other": self.other.tenant.id} | params)

    def event_at(self, pos: int) -> Any:
        found = self.connection.execute(
            "SELECT event_id FROM audit_position WHERE tenant_id = %s AND pos = %s", [self.tenant, pos]
        ).fetchone()
        assert found
        return found[0]

    def any_position(self) -> int:
        return self.dice.randint(1, self.size)

    def old_position(self) -> int:
        """A position that the witness's checkpoint covers."""
        return self.dice.randint(1, self.trust.seen[0].size)


# --- what can be done to it -------------------------------------------------------------------------------------------
Tampering = Callable[[Tamperer], None]


def changed_column(column: str) -> Tampering:
    kind = Event._meta.get_field(column).get_internal_type()
    value = OTHER.get(column) or ("gen_random_uuid()" if kind == "UUIDField" else f"left(md5({column} || 'x'), 32)")

    def change(log: Tamperer) -> None:
        event = log.event_at(log.any_position())
        log.sql(f"UPDATE audit_event SET {column} = {value} WHERE id = %(event)s", event=event)  # noqa: S608
        if column == "id":
            new = OTHER["id"].replace("id::text", "event_id::text")
            log.sql(f"UPDATE audit_position SET event_id = {new} WHERE event_id = %(event)s", event=event)  # noqa: S608

    return change


def deleted_event(log: Tamperer) -> None:
    log.sql("DELETE FROM audit_event WHERE id = %(event)s", event=log.event_at(log.any_position()))


def deleted_and_closed_up(log: Tamperer) -> None:
    pos = log.any_position()
    log.sql("DELETE FROM audit_event WHERE id = %(event)s", event=log.event_at(pos))
    log.sql("DELETE FROM audit_position WHERE tenant_id = %(tenant)s AND pos = %(pos)s", pos=pos)
    move(log, pos, -1)


def move(log: Tamperer, pos: int, step: int) -> None:
    """Shift the positions behind `pos`, by a detour: each statement meets the unique key."""
    for by in (1_000_000, step - 1_000_000):
        log.sql(
            "UPDATE audit_position SET pos = pos + %(by)s WHERE tenant_id = %(tenant)s AND pos > %(pos)s",
            by=by,
            pos=pos,
        )


def inserted_event(log: Tamperer) -> None:
    pos = log.any_position()
    move(log, pos - 1, +1)
    columns = ", ".join(name for name in leaf.COLUMNS if name != "id")
    log.sql(
        f"""WITH made AS (INSERT INTO audit_event (id, {columns}) SELECT sec.uuid7(), {columns} FROM audit_event
            WHERE id = %(event)s RETURNING tenant_id, id)
            INSERT INTO audit_position (tenant_id, pos, event_id) SELECT tenant_id, %(pos)s, id FROM made""",  # noqa: S608
        event=log.event_at(pos + 1),
        pos=pos,
    )


def swapped_events(log: Tamperer) -> None:
    one, two = log.dice.sample(range(1, log.size + 1), 2)
    first, second = log.event_at(one), log.event_at(two)
    where = "WHERE tenant_id = %(tenant)s AND pos = %(pos)s"
    for event, pos in ((None, one), (first, two), (second, one)):
        value = "gen_random_uuid()" if event is None else "%(event)s"
        log.sql(f"UPDATE audit_position SET event_id = {value} {where}", event=event, pos=pos)  # noqa: S608


def truncated_events(log: Tamperer) -> None:
    keep = log.any_position() - 1
    cut(log, keep)


def cut(log: Tamperer, keep: int) -> None:
    log.sql(
        """DELETE FROM audit_event WHERE id IN
           (SELECT event_id FROM audit_position WHERE tenant_id = %(tenant)s AND pos > %(keep)s)""",
        keep=keep,
    )
    log.sql("DELETE FROM audit_position WHERE tenant_id = %(tenant)s AND pos > %(keep)s", keep=keep)


def rolled_back(log: Tamperer) -> None:
    """An old backup: events, positions, tiles and checkpoints end before what the witness saw."""
    sizes = [
        row[0]
        for row in log.connection.execute(
            "SELECT tree_size FROM audit_checkpoint WHERE tenant_id = %s AND tree_size < %s",
            [log.tenant, log.trust.seen[0].size],
        )
    ]
    keep = log.dice.choice(sizes)
    cut(log, keep)
    log.sql("DELETE FROM audit_checkpoint WHERE tenant_id = %(tenant)s AND tree_size > %(keep)s", keep=keep)


def given_to_another_tenant(log: Tamperer) -> None:
    log.sql("UPDATE audit_event SET tenant_id = %(other)s WHERE id = %(event)s", event=log.event_at(log.any_position()))


def another_tenants_event(log: Tamperer) -> None:
    """One of the other tenant's events takes a place in this log."""
    pos = log.any_position()
    log.sql(
        """UPDATE audit_position SET event_id = (SELECT id FROM audit_event WHERE tenant_id = %(other)s
           ORDER BY md5(id::text || %(pos)s::text) LIMIT 1) WHERE tenant_id = %(tenant)s AND pos = %(pos)s""",
        pos=pos,
    )
    log.sql(
        """UPDATE audit_event SET tenant_id = %(tenant)s WHERE id =
           (SELECT event_id FROM audit_position WHERE tenant_id = %(tenant)s AND pos = %(pos)s)""",
        pos=pos,
    )


def another_tenants_checkpoint(log: Tamperer) -> None:
    log.sql(
        """UPDATE audit_checkpoint SET note = o.note, root_hash = o.root_hash FROM
           (SELECT note, root_hash FROM audit_checkpoint WHERE tenant_id = %(other)s ORDER BY tree_size DESC LIMIT 1) o
           WHERE tenant_id = %(tenant)s"""
    )


def replaced_tile(log: Tamperer) -> None:
    """Hashes of the tree are replaced; a range whose proof needs them is exported."""
    byte = 32 * log.dice.randint(0, 3)
    log.sql(
        "UPDATE audit_tile SET data = set_byte(data, %(byte)s, 255 - get_byte(data, %(byte)s))"
        " WHERE tenant_id = %(tenant)s AND level = 0",
        byte=byte,
    )


def event_and_tile_replaced(log: Tamperer) -> None:
    """An event is changed and the whole tree built again over it, but nobody can sign its root."""
    change_old_event(log)
    rebuild(log, None)


def signed_with_another_key(log: Tamperer) -> None:
    change_old_event(log)
    log.sql(
        "UPDATE audit_epoch SET public_key = %(key)s WHERE tenant_id = %(tenant)s",
        key=public_key(FOREIGN_SEED),
    )
    rebuild(log, FOREIGN_SEED)


def rewritten_with_the_right_key(log: Tamperer) -> None:
    """The thief of the log's own key writes another history; only what the witness saw stands against it."""
    change_old_event(log)
    rebuild(log, settings.LOG_KEY)


def forged_note(log: Tamperer) -> None:
    part, value = log.dice.choice([(2, "'1'"), (3, "encode(sha256('x'), 'base64')")])
    log.sql(
        f"""UPDATE audit_checkpoint SET note = replace(note, split_part(note, E'\\n', {part}), {value})
            WHERE tenant_id = %(tenant)s"""  # noqa: S608
    )


def change_old_event(log: Tamperer) -> None:
    log.sql("UPDATE audit_event SET reason = 'forged' WHERE id = %(event)s", event=log.event_at(log.old_position()))


def rebuild(log: Tamperer, seed: bytes | None) -> None:
    """Make tiles and checkpoints fit the events again; with a key, signed."""
    with log.world.as_("system"):
        hashes = [leaf_hash(line or b"") for _, line in leaf.leaves(after=0, upto=log.size)]
    tree = Tree(0, lambda level, index: b"")
    tree.append(hashes)
    for (level, index), data in tree.changed.items():
        log.sql(
            "UPDATE audit_tile SET data = %(data)s WHERE tenant_id = %(tenant)s AND level = %(level)s"
            " AND index = %(index)s",
            level=level,
            index=index,
            data=data,
        )
    rows = log.connection.execute("SELECT tree_size, note FROM audit_checkpoint WHERE tenant_id = %s", [log.tenant])
    for size, text in rows.fetchall():
        head = Head(Head.parse(Note.parse(text).text).origin, size, tree.root(size))
        signatures = sign_checkpoint(head, seed).signatures if seed else Note.parse(text).signatures
        log.sql(
            "UPDATE audit_checkpoint SET root_hash = %(root)s, note = %(note)s"
            " WHERE tenant_id = %(tenant)s AND tree_size = %(size)s",
            root=head.root,
            note=str(Note(str(head), signatures)),
            size=size,
        )


COLUMNS: dict[str, Tampering] = {f"changed {column}": changed_column(column) for column in leaf.COLUMNS}
OTHERS: dict[str, Tampering] = {
    function.__name__.replace("_", " "): function
    for function in (
        deleted_event,
        deleted_and_closed_up,
        inserted_event,
        swapped_events,
        truncated_events,
        rolled_back,
        given_to_another_tenant,
        another_tenants_event,
        another_tenants_checkpoint,
        replaced_tile,
        event_and_tile_replaced,
        signed_with_another_key,
        rewritten_with_the_right_key,
        forged_note,
    )
}
ALL = COLUMNS | OTHERS


# --- doing it, and looking --------------------------------------------------------------------------------------------
@contextmanager
def spoilable(make_world: Callable[[], World], events: int = 20) -> Iterator[Tamperer]:
    """Two sealed logs, of which a witness saw the middle of the first, without their guards."""
    world, other = make_world(), make_world()
    happen(other, events)
    sealed(other)
    heads = []
    for _ in range(4):
        happen(world, events)
        heads.append(sealed(world))
    seen = Head.parse(Note.parse(heads[2].note).text)
    trust = Trust([log_key(heads[-1])], [seen])
    with without_triggers(), psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        log = Tamperer(world, other, connection, trust, heads[-1].tree_size)
        for table in TABLES:
            keep = f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table} WHERE tenant_id = ANY(%s)"  # noqa: S608
            connection.execute(keep.encode(), [tenants_of(log)])
        yield log
        restore(log)


def tenants_of(log: Tamperer) -> list[Any]:
    return [log.tenant, log.other.tenant.id]


def restore(log: Tamperer) -> None:
    """Put the rows back as they were."""
    with log.connection.transaction():
        for table in TABLES:
            gone = f"DELETE FROM {table} WHERE tenant_id = ANY(%s)"  # noqa: S608
            log.connection.execute(gone.encode(), [tenants_of(log)])
        for table in TABLES:
            log.connection.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}".encode())  # noqa: S608


def look(log: Tamperer, verify: Verify = verify_bundle) -> str:
    """Export and verify as an auditor would, the whole log and then its end; return what is wrong, in words."""
    end = log.trust.seen[0].size + 3
    return look_at(log, verify, None, None) or look_at(log, verify, end, log.trust.seen[0].size)


def look_at(log: Tamperer, verify: Verify, first: int | None, since: int | None) -> str:
    with TemporaryDirectory() as place:
        folder = Path(place) / "export"
        try:
            export.write(export.chosen(log.tenant, first=first), folder, since=since)
            verify(folder, log.trust)
        except (*FAILURES, DomainError) as problem:
            return str(problem)
    return ""


@dataclass(slots=True)
class Tally:
    """What was done and what was seen: {tampering: [what the verifier said, or nothing]}."""

    said: dict[str, list[str]] = field(default_factory=dict)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(map(len, self.said.values()))

    def complaints(self, at_least: int) -> list[str]:
        found = [f"not detected: {name}" for name, words in self.said.items() if "" in words]
        found += [f"false alarm: {words}" for words in self.false_alarms]
        return found if self.done >= at_least else [*found, f"only {self.done} tamperings"]


def run_tamperings(log: Tamperer, kinds: dict[str, Tampering], times: int = 1, verify: Verify = verify_bundle) -> Tally:
    """Do each tampering `times` times, look, and put everything back; between them look at the untouched log."""
    tally = Tally()
    for name, tamper in kinds.items():
        for _ in range(times):
            tamper(log)
            tally.said.setdefault(name, []).append(look(log, verify))
            restore(log)
        alarm = look(log, verify)
        tally.false_alarms += [alarm] if alarm else []
    return tally
