"""A run's output, in chunks: an append that may be repeated. Bytes live in storage, named by their digest."""

from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from common.errors import Conflict, DomainError
from common.ids import sha256_hex
from tasks.models import Execution, ExecutionLog
from tasks.services.leases import LeaseClaim, hold

MAX_CHUNK = 256 * 1024
MAX_LOG = 64 * 1024 * 1024


class LogTooLarge(DomainError):
    code = "log_too_large"
    status = 413
    title = "The run log is full"


def path_of(digest: str) -> str:
    """Return where a chunk is kept: by content, so equal chunks share a file and a name is never a caller's."""
    return f"run_logs/{digest[:2]}/{digest}"


def append_log(*, claim: LeaseClaim, offset: int, content: bytes) -> int:
    """Append `content` at `offset` and return the log's size. The same bytes again change nothing.

    Raises `Conflict` (log_offset, with the size expected next) for a gap or other bytes, `LogTooLarge`, `LeaseLost`.
    """
    if len(content) > MAX_CHUNK or offset + len(content) > MAX_LOG:
        raise LogTooLarge(f"A chunk has at most {MAX_CHUNK} bytes and a log {MAX_LOG}.")
    digest = sha256_hex(content)
    # Stored before the transaction: storage may be slow, and an orphan file is harmless.
    if content and not default_storage.exists(path_of(digest)):
        default_storage.save(path_of(digest), ContentFile(content))
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
    Execution.objects.filter(id=held.execution.id).update(log_size=end + size)
    return end + size


def is_repeat(execution_id: UUID, offset: int, size: int, digest: str) -> bool:
    return ExecutionLog.objects.filter(execution_id=execution_id, offset=offset, size=size, sha256=digest).exists()
