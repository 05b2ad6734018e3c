"""Reading a request's body once, and never more of it than its endpoint takes."""

from io import BytesIO

from django.http import HttpRequest
from rest_framework.exceptions import UnsupportedMediaType

from common.errors import DomainError


class BodyTooLarge(DomainError):
    code = "body_too_large"
    status = 413
    title = "The request's body is too large"


def declared_length(request: HttpRequest) -> int:
    """Return the Content-Length, 0 where it is absent (a chunked body) or no number."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def read_body(request: HttpRequest, limit: int) -> bytes:
    """Return the body; raises `BodyTooLarge` before more than `limit` bytes are in memory.

    What was read is put back, so that DRF's parsers find it; also a chunked body, which they would take for empty.
    """
    if declared_length(request) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are accepted here.")
    if not hasattr(request, "_body"):
        if request._read_started:  # type: ignore[attr-defined]  # Django's own flag: a form was parsed for its CSRF token
            raise UnsupportedMediaType(request.content_type or "")
        raw = request.read(limit + 1)
        if len(raw) > limit:
            raise BodyTooLarge(f"At most {limit} bytes are accepted here.")
        request._body = raw
    request._stream = BytesIO(request.body)
    request.META["CONTENT_LENGTH"] = str(len(request.body))
    return request.body
