"""G5 without sockets: a reader that follows a cursor while a transaction that began first commits last."""

import os
import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
from django.db import connections

from audit.log.relay import place
from audit.queries import events_after
from audit.services import Subject, record
from tasks import events
from tests.world import World

# Returns the new cursor and the ids that came after the old one.
Reader = Callable[[World, str], tuple[str, list[UUID]]]


def by_position(world: World, cursor: str) -> tuple[str, list[UUID]]:
    """The product's own way."""
    principal = world.admin.principal()
    with world.as_("admin"):
        batch = events_after(int(cursor or 0), principal=principal, project_ids=[world.project.id], limit=10_000)
    return str(batch.upto), [placed.event.id for placed in batch.events]


def check_the_cursor(world: World, read: Reader) -> None:
    """Whatever the order of commits, the reader gets every event once, and causes before effects."""
    cursor, _ = drain(world, read, "")
    late_written, may_commit = threading.Event(), threading.Event()
    late: list[UUID] = []
    writer = threading.Thread(target=write_late, args=(world, late, late_written, may_commit))
    writer.start()
    late_written.wait(10)
    early = [write(world, f"early {number}") for number in range(10)]
    cursor, first = drain(world, read, cursor)
    may_commit.set()
    writer.join(10)
    after = [write(world, f"after {number}") for number in range(10)]
    cursor, second = drain(world, read, cursor)
    got = first + second
    assert sorted(got) == sorted(early + late + after), "missing or doubled events"
    for written in (early, after):
        assert [event for event in got if event in written] == written, "events out of order"


def write(world: World, key: str) -> UUID:
    with world.as_("engineer"):
        subject = Subject(type="task", id=None, label=key, project_id=world.project.id)
        return record(events.TASK_CREATED, subject, key=key, type="task").id


def write_late(world: World, late: list[UUID], written: threading.Event, may_commit: threading.Event) -> None:
    """Write first, commit last."""
    with world.as_("engineer"):
        late.append(write(world, "late"))
        written.set()
        may_commit.wait(10)
    connections.close_all()


def drain(world: World, read: Reader, cursor: str) -> tuple[str, list[UUID]]:
    """Let the relay place what is there, then read to the end."""
    place_everything()
    got: list[UUID] = []
    while True:
        cursor, batch = read(world, cursor)
        if not batch:
            return cursor, got
        got += batch


def place_everything() -> None:
    """Place until nothing is pending; the suite's relay may be at it too."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        while owner.execute("SELECT EXISTS (SELECT 1 FROM audit_pending)").fetchone() == (True,):
            place()
