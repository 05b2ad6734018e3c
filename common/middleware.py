"""The outermost middleware: one request id and one W3C trace id for everything a request touches."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.telemetry import tracing, web
from common.telemetry.tally import counting, note_error
from common.telemetry.tracing import Kind


class RequestContextMiddleware:
    """Open the request's context, answer its ids in headers count it and write one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        running = web.context_of(request)
        parent = request.headers.get("traceparent", "")
        with tracing.working(running, "request", Kind.SERVER, parent) as span, counting() as tally:
            response = self.get_response(request)
            response["X-Request-ID"] = str(running.request_id)
            response["X-Correlation-ID"] = running.correlation_id
            seconds = time.perf_counter() - started
            web.name_span(span, request, response, tally)
            web.count(request, response, seconds)
            web.write_line(request, response, seconds, tally)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Keep what a view did not catch; Django answers it."""
        note_error(error)
