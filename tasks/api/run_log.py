"""Serving a run's log: bytes as they are, never as a page."""

from collections.abc import Iterator

from django.db.models import F
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from common.api.ranges import ByteRange, parse_range
from common.api.streams import streamed
from common.context import Principal
from common.errors import DomainError
from common.tenancy import tenant_context
from tasks.models import Execution, ExecutionLog
from tasks.services.run_log import MAX_CHUNK, content_of

PAGE = 200
"""chunks that are looked up at a time"""


class LogPurged(DomainError):
    code = "log_purged"
    status = 410
    title = "The run log is no longer kept"


def log_response(request: HttpRequest, execution: Execution, principal: Principal) -> HttpResponseBase:
    """Return the log or the range that is asked for, as inert text to be saved.

    Raises `RangeNotSatisfiable`, `LogPurged`.
    """
    size = execution.log_size
    if size and not ExecutionLog.objects.filter(execution=execution, offset=0).exists():
        raise LogPurged("The run ended long ago; its log was removed.")
    asked = parse_range(request.headers.get("Range"), size)
    part = asked or ByteRange(0, size)
    response = StreamingHttpResponse(
        streamed(request, read(execution, principal, part)),
        status=206 if asked else 200,
        content_type="text/plain; charset=utf-8",
    )
    response["Content-Length"] = str(part.end - part.start)
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'attachment; filename="{execution.task.key}-attempt-{execution.attempt}.log"'
    if asked:
        response["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return response


def read(execution: Execution, principal: Principal, part: ByteRange) -> Iterator[bytes]:
    """Yield the bytes of a part. Between two looks at the database it holds no connection."""
    position = part.start
    while position < part.end:
        chunks = chunks_from(execution, principal, position, part.end)
        if not chunks:
            return
        for chunk in chunks:
            yield content_of(chunk)[position - chunk.offset : part.end - chunk.offset]
            position = chunk.offset + chunk.size


def chunks_from(execution: Execution, principal: Principal, start: int, end: int) -> list[ExecutionLog]:
    with tenant_context(principal.tenant_id, actor=principal.actor):
        found = ExecutionLog.objects.annotate(end=F("offset") + F("size")).filter(
            execution=execution, offset__gt=start - MAX_CHUNK, offset__lt=end, end__gt=start
        )
        return list(found.order_by("offset")[:PAGE])
