"""A log to seal and to look at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from django.conf import settings

from audit.events import LOG_VERIFICATION_PASSED
from audit.log.notes import verifier_key
from audit.log.sealer import seal_tenant
from audit.log.verifier.notes import VerifierKey
from audit.models import Checkpoint
from audit.services import Subject, record
from audit.services.changes import Changes
from audit.tests.places import place_all
from tests.world import World

WITNESS_SEED = b"w" * 32
WITNESS = VerifierKey.parse(settings.LOG_WITNESSES[0])
_number = count(1)


def happen(world: World, times: int) -> None:
    """Let something happen, in one transaction."""
    with world.as_("admin"):
        for _ in range(times):
            number = next(_number)
            changes: Changes = {"size": [number - 1, number], "name": ["", "«ü»"]}
            record(LOG_VERIFICATION_PASSED, Subject("test", None), changes=changes, first=0, size=number)


def sealed(world: World) -> Checkpoint:
    """Place and seal all that happened; return the newest checkpoint."""
    place_all()
    while seal_tenant(world.tenant.id):
        pass
    return newest(world)


def newest(world: World) -> Checkpoint:
    with world.as_("system"):
        return Checkpoint.objects.select_related("epoch").order_by("-epoch__number", "-tree_size")[0]


def log_key(checkpoint: Checkpoint) -> VerifierKey:
    """The key that an auditor was given."""
    return verifier_key(checkpoint.epoch.origin, settings.LOG_KEY)


def as_superuser(statement: str, **params: Any) -> None:
    """Run a statement of the test as a superuser, whom privileges and row security do not bind."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        connection.execute(statement.encode(), params)


TABLES = ("audit_event", "audit_position", "audit_epoch", "audit_checkpoint", "audit_cosignature", "audit_tile")


@contextmanager
def without_triggers() -> Iterator[None]:
    """Take the guards away, as a superuser can; afterwards they are as they were."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        found = connection.execute(
            "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgparentid = 0 AND tgrelid = ANY(%s::regclass[])",
            [list(TABLES)],
        ).fetchall()
        words = {"A": "ENABLE ALWAYS", "O": "ENABLE", "R": "ENABLE REPLICA", "D": "DISABLE"}
        try:
            for table, name, _ in found:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}".encode())
            yield
        finally:
            for table, name, state in found:
                connection.execute(f"ALTER TABLE {table} {words[state]} TRIGGER {name}".encode())
