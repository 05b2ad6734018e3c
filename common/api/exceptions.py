"""Every error as an RFC 9457 problem document with a stable `code`."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common import context, errors
from common.telemetry.tally import note_error

logger = logging.getLogger("countermark.api")
MEDIA_TYPE = "application/problem+json"

CODES = {
    exceptions.NotAuthenticated: "not_signed_in",
    exceptions.AuthenticationFailed: "bad_token",
    exceptions.PermissionDenied: "forbidden",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.ParseError: "malformed_body",
    exceptions.Throttled: "rate_limited",
    exceptions.NotFound: "not_found",
}


def problem(code: str, title: str, status_code: int, detail: str, **extra: Any) -> dict[str, Any]:
    """Return a problem document (RFC 9457 §3)."""
    return {
        "type": f"/docs/errors#{code}",
        "title": title,
        "status": status_code,
        "code": code,
        "detail": detail,
        "request_id": str(context.current().request_id),
        **extra,
    }


def problem_response(error: errors.DomainError) -> Response:
    response = Response(
        problem(error.code, error.title, error.status, error.detail, **error.extra), status=error.status
    )
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="countermark"'
    return finish(response)


def finish(response: Response) -> Response:
    response.content_type = MEDIA_TYPE
    return response


def problem_handler(error: Exception, handler_context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: ours, DRF's and Django's errors become problems; anything else is a 500 elsewhere."""
    note_error(error)
    if isinstance(error, errors.DomainError):
        return problem_response(error)
    if isinstance(error, exceptions.ValidationError):
        document = problem(
            "invalid", errors.Invalid.title, 422, detail_of(error.detail), errors=field_errors(error.detail)
        )
        return finish(Response(document, status=422))
    if isinstance(error, OperationalError):
        logger.warning("database refused: %s", type(error).__name__, exc_info=error)
        give_up_transaction()
        return problem_response(errors.Unavailable("The database is busy; try again.", retry_after=1))
    response = exception_handler(error, handler_context)
    if response is None:
        return None
    return from_framework(error, response)


def give_up_transaction() -> None:
    """Roll the request's transaction back: after such an error it may be unusable, and nothing of it may stay."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)


def from_framework(error: Exception, response: Response) -> Response:
    """Rewrite a response of DRF's own handler."""
    code, title, detail = "error", "The request failed", str(error)
    if isinstance(error, Http404):
        code, title, detail = "not_found", errors.NotFound.title, "It does not exist, or you may not see it."
    elif isinstance(error, PermissionDenied):
        code, title, detail = "forbidden", errors.Forbidden.title, "You may not do this."
    elif isinstance(error, exceptions.APIException):
        code = code_of(error)
        title, detail = str(error.default_detail), str(error.detail)
    response.data = problem(code, title, response.status_code, detail)
    return finish(response)


def code_of(error: exceptions.APIException) -> str:
    """Return the code that was given with the error, else ours for its kind."""
    given = error.get_codes()
    if isinstance(given, str) and given != error.default_code:
        return given
    return CODES.get(type(error), error.default_code)


def field_errors(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested errors to field paths: `criteria[0].title`."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for name, inner in detail.items():
            flat |= field_errors(inner, path_of(path, name))
        return flat
    if isinstance(detail, list) and detail and all(isinstance(inner, dict) for inner in detail):
        flat = {}
        for index, inner in enumerate(detail):
            flat |= field_errors(inner, f"{path}[{index}]")
        return flat
    messages = detail if isinstance(detail, list) else [detail]
    return {path or "non_field_errors": [str(message) for message in messages]}


def path_of(parent: str, name: str | int) -> str:
    """Return the path of a member; an error of an object as a whole stays with the object."""
    if isinstance(name, int):
        return f"{parent}[{name}]"
    if parent:
        return parent if name == "non_field_errors" else f"{parent}.{name}"
    return name


def detail_of(detail: Any) -> str:
    names = ", ".join(sorted(field_errors(detail)))
    return f"Check these fields: {names}."
