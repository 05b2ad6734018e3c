"""One line about each request."""

import logging
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common import context
from common.http import address_of, principal_of
from common.origin import kind_of_client, network_of
from common.telemetry import ids
from common.telemetry.failures import described
from common.telemetry.metrics import REQUEST_SECONDS, REQUESTS
from common.telemetry.tally import Tally
from common.telemetry.tracing import Span

logger = logging.getLogger("countermark.request")

PATH_LENGTH = 200
STATIC = "/static/"
# https://www.rfc-editor.org/rfc/rfc9110#section-9, and PATCH: whatever else somebody invents is one thing.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PACES = ((0.5, "fast"), (1.0, "moderate"), (5.0, "slow"))


def context_of(request: HttpRequest) -> context.RequestContext:
    """Return the context of a request: its ids as far as its caller may choose them, and where it comes from."""
    headers = request.headers
    return context.new_context(
        ids.request_id_of(headers.get("X-Request-ID", "")),
        ids.trace_id_of(headers.get("traceparent", "")),
        correlation_id=ids.correlation_id_of(headers.get("X-Correlation-ID", "")),
        address=address_of(request),
        user_agent=headers.get("User-Agent", ""),
    )


def method_of(request: HttpRequest) -> str:
    return request.method if request.method in METHODS else "OTHER"


def route_of(request: HttpRequest) -> str:
    """Return the pattern that answered, never the path: there are as many as we wrote."""
    match = request.resolver_match
    return match.route if match else "unmatched"


def pace_of(seconds: float) -> str:
    return next((word for limit, word in PACES if seconds <= limit), "very_slow")


def count(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    method, route = method_of(request), route_of(request)
    REQUESTS.labels(method, route, response.status_code).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def name_span(span: Span, request: HttpRequest, response: HttpResponseBase, tally: Tally) -> None:
    """Call the span by what answered, and say how it ended."""
    method, route, status = method_of(request), route_of(request), response.status_code
    ids = {f"countermark.{name}": str(value) for name, value in caller_of(request).items()}
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        **ids,
    }
    span.set(attributes, f"{method} {route}")
    if status >= 500:
        span.fail(type(tally.error).__name__ if tally.error else str(status))


def write_line(request: HttpRequest, response: HttpResponseBase, seconds: float, tally: Tally) -> None:
    """Write the line `request`: once, when the answer is ready."""
    status = response.status_code
    level = logging.INFO if status < 500 else logging.WARNING  # the traceback of a 5xx is a line of its own
    if request.path.startswith(STATIC) and status < 400:
        level = logging.DEBUG
    if logger.isEnabledFor(level):
        logger.log(level, "request", extra=fields_of(request, response, seconds, tally))


def fields_of(request: HttpRequest, response: HttpResponseBase, seconds: float, tally: Tally) -> dict[str, Any]:
    status = response.status_code
    return {
        **caller_of(request),
        "http_method": method_of(request),
        "http_route": route_of(request),
        "http_path": request.path[:PATH_LENGTH],
        "http_query": ",".join(sorted(request.GET))[:PATH_LENGTH],  # names; values may be anybody's
        "client_service": ids.service_of(request.headers.get("X-Service-Name", "")),
        "http_version": request.META.get("SERVER_PROTOCOL", ""),
        "http_status_code": status,
        "client_ip": network_of(address_of(request)) or "",
        "user_agent": kind_of_client(request.headers.get("User-Agent", "")),
        "content_type": request.content_type or "",
        "content_length": length_of(request.headers.get("Content-Length", "")),
        "response_size": length_of(response.get("Content-Length", "")) or len(getattr(response, "content", b"")),
        "duration_ms": round(seconds * 1000, 1),
        "performance_category": pace_of(seconds),
        "db_queries": tally.queries,
        "db_ms": round(tally.query_seconds * 1000, 1),
        "cache_hits": tally.cache_hits,
        "cache_misses": tally.cache_misses,
        **(described(status, tally.error) if status >= 400 else {}),
    }


def caller_of(request: HttpRequest) -> dict[str, Any]:
    """Return who asked, by id: the tenant's context is closed by now."""
    principal = principal_of(request)
    if principal is None:
        return {}
    own = {"agent_id": principal.agent_id} if principal.is_agent else {"user_id": principal.user_id}
    return {"tenant_id": principal.tenant_id, **own}


def length_of(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() and len(header) < 16 else 0
