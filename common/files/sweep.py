"""Removing what no row names: bytes are stored before their row, and a row may never come."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from common.files.kinds import Kind, digest_of
from common.files.storage import is_older, store

BATCH = 1000
Referenced = Callable[[UUID, Collection[str]], Collection[str]]
"""(tenant, digests) → those of them that a row of the tenant names; it opens its own tenant context"""


def sweep_orphans(kind: Kind, referenced: Referenced, older_than: timedelta) -> int:
    """Remove the kind's bytes that are older than `older_than` and that no row names; return how many.

    `older_than` must be longer than any request or job from storing bytes to committing their row: content that is
    received again counts as new, so what a running request has just stored is never removed.
    """
    before = datetime.now(UTC) - older_than
    removed = 0
    for tenant in store().tenants(kind.name):
        for keys in batches(store().aged(kind.name, tenant, before)):
            named = referenced(UUID(tenant), [digest_of(key) for key in keys])
            removed += sum(store().remove_aged(key, before) for key in keys if digest_of(key) not in named)
    return removed


def batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, BATCH)):
        yield batch


def sweep_incoming(older_than: timedelta) -> int:
    """Remove what processes that were killed left half received; return how many."""
    before = datetime.now(UTC) - older_than
    left: list[Path] = [path for path in store().incoming().iterdir() if is_older(path, before)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
