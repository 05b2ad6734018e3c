"""A run's output, in chunks: an append that may be repeated. Bytes live in storage, named by their digest."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from common.context import SYSTEM
from common.errors import Conflict, DomainError
from common.files.intake import keep
from common.files.kinds import Kind
from common.files.serving import read_stored
from common.files.sniff import UNKNOWN
from common.files.sweep import sweep_orphans
from common.ids import sha256_hex
from common.tenancy import require_tenant_id, tenant_context
from tasks.models import ExecutionLog
from tasks.services.leases import LeaseClaim, hold, note_activity

MAX_CHUNK = 256 * 1024
MAX_LOG = 64 * 1024 * 1024
ORPHAN_AGE = timedelta(days=1)
# Chunks are cut anywhere, so a chunk's type says nothing.
RUN_LOGS = Kind("run_logs", limit=MAX_CHUNK, accepts=frozenset())


class LogTooLarge(DomainError):
    code = "log_too_large"
    status = 413
    title = "The run log is full"


def content_of(chunk: ExecutionLog) -> bytes:
    """Return a chunk's bytes. Raises `FileDamaged`."""
    stored = RUN_LOGS.stored(tenant_id=chunk.tenant_id, sha256=chunk.sha256, size=chunk.size, media_type=UNKNOWN)
    return read_stored(stored)


def named_chunks(tenant_id: UUID, digests: Collection[str]) -> set[str]:
    """Return which of the digests a chunk of the tenant has."""
    with tenant_context(tenant_id, actor=SYSTEM):
        return set(ExecutionLog.objects.filter(sha256__in=digests).values_list("sha256", flat=True))


def sweep_run_logs() -> int:
    """Remove chunks whose append was refused after they were stored; return how many."""
    return sweep_orphans(RUN_LOGS, named_chunks, ORPHAN_AGE)


def append_log(*, claim: LeaseClaim, offset: int, content: bytes) -> int:
    """Append `content` at `offset` and return the log's size. The same bytes again change nothing.

    Raises `Conflict` (log_offset, with the size expected next) for a gap or other bytes, `LogTooLarge`, `LeaseLost`.
    """
    if len(content) > MAX_CHUNK or offset + len(content) > MAX_LOG:
        raise LogTooLarge(f"A chunk has at most {MAX_CHUNK} bytes and a log {MAX_LOG}.")
    digest = sha256_hex(content)
    # Stored before the transaction: storage may be slow, and an orphan is swept.
    if content:
        keep(content, kind=RUN_LOGS, tenant_id=require_tenant_id())
    return write_chunk(claim, offset, len(content), digest)


@transaction.atomic
def write_chunk(claim: LeaseClaim, offset: int, size: int, digest: str) -> int:
    held = hold(claim)
    end = held.execution.log_size
    if not size or is_repeat(held.execution.id, offset, size, digest):
        return end
    if offset != end:
        raise Conflict(f"The log has {end} bytes; go on there.", code="log_offset", expected=end)
    ExecutionLog.objects.create(execution=held.execution, offset=offset, size=size, sha256=digest)
    note_activity(held, log_size=end + size)
    return end + size


def is_repeat(execution_id: UUID, offset: int, size: int, digest: str) -> bool:
    return ExecutionLog.objects.filter(execution_id=execution_id, offset=offset, size=size, sha256=digest).exists()
