"""The outermost middleware: one request id and one W3C trace id for everything a request touches."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from common import context
from common.http import address_of

logger = logging.getLogger("countermark.request")

# https://www.w3.org/TR/trace-context/#traceparent-header, version 00
TRACEPARENT = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


def trace_id_of(header: str) -> str | None:
    """Return the trace id of a `traceparent` header, or None where it is absent or malformed."""
    match = TRACEPARENT.match(header)
    return match.group(1) if match else None


def request_id_of(header: str) -> UUID | None:
    """Accept a caller's request id only as a UUID: it ends up in logs, so free text is refused."""
    try:
        return UUID(header)
    except ValueError:
        return None


class RequestContextMiddleware:
    """Open the request's context, answer its ids in headers and write one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        running = context.new_context(
            request_id_of(request.headers.get("X-Request-ID", "")),
            trace_id_of(request.headers.get("traceparent", "")),
        )
        user_agent = request.headers.get("User-Agent", "")
        with context.use(replace(running, address=address_of(request), user_agent=user_agent)):
            response = self.get_response(request)
            response["X-Request-ID"] = str(running.request_id)
            logger.info(
                "request",
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "duration_ms": round((time.perf_counter() - started) * 1000, 1),
                },
            )
        return response
