"""The base of endpoints that take a file: as the raw body, or as one part of a form.

The body is read outside any transaction and after the caller's rights are checked; then the row is written in one.
"""

import base64
import binascii
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.http import parse_header_parameters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import limits
from common.api.body import declared_length
from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import ApiView
from common.errors import DomainError
from common.files.errors import FileRefused, FileTooLarge, UploadIncomplete
from common.files.intake import Intake, receive
from common.files.kinds import MIB, Kind, Stored
from common.http import require_principal
from common.tenancy import tenant_context

FORM = "multipart/form-data"
FORM_PART = "file"
FORM_OVERHEAD = MIB // 16
"""boundaries, headers and small fields around the file"""

BINARY = {"type": "string", "format": "binary"}
UPLOAD_BODY = {
    "application/octet-stream": BINARY,
    FORM: {"type": "object", "properties": {FORM_PART: BINARY}, "required": [FORM_PART]},
}
"""for `extend_schema(request=…)`"""
UPLOAD_PARAMETERS = [
    OpenApiParameter("file_name", OpenApiTypes.STR, description="The file's name; or send Content-Disposition."),
    OpenApiParameter(
        "Content-Digest", OpenApiTypes.STR, OpenApiParameter.HEADER, description="RFC 9530: `sha-256=:…:`; else 422."
    ),
    IDEMPOTENCY_KEY,
]


class LengthRequired(DomainError):
    code = "length_required"
    status = 411
    title = "Send Content-Length"


class UploadMixin(ApiView):
    """A child names its `kind` and says what to do in `check` and `keep`; its handler is one call of `upload`."""

    kind: Kind
    max_upload: int
    upload_methods = frozenset({"POST", "PUT"})
    """their bodies are not read before `upload` reads them (common.asgi)"""

    part: "StoringHandler | None" = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            cls.max_upload = cls.kind.limit + FORM_OVERHEAD

    def check(self, request: Request, **kwargs: Any) -> None:
        """Refuse, before a byte is read, a caller who may not do this. Runs in the tenant's context."""
        raise NotImplementedError

    def keep(self, request: Request, stored: Stored, **kwargs: Any) -> Response:
        """Call the service that writes the row. Runs in the tenant's context, in one transaction."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Open no transaction around an upload; `upload` opens two short ones."""
        if request.method in self.upload_methods:
            try:
                return self._answer(request, *args, **kwargs)
            finally:
                if self.part:
                    self.part.close()
        return super().dispatch(request, *args, **kwargs)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        if request.method in self.upload_methods and request.content_type == FORM:
            # Before anybody looks for a CSRF token in the form, which reads all of it.
            self.part = StoringHandler(self.kind, request)
            request.upload_handlers = [self.part]
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.upload_methods:
            super().initial(request, *args, **kwargs)
            return
        check_length(request._request, self.max_upload)
        APIView.initial(self, request, *args, **kwargs)
        limits.count_request(self.principal)

    def upload(self, request: Request, **kwargs: Any) -> Response:
        """Check the caller, take the bytes in, keep them."""
        with tenant_context(self.principal.tenant_id, actor=self.principal.actor):
            self.check(request, **kwargs)
        release_connection()
        stored = self.receive(request)
        with tenant_context(self.principal.tenant_id, actor=self.principal.actor):
            self.reserve(request, f"{stored.sha256} {stored.file_name}".encode())
            response = self.keep(request, stored, **kwargs)
            if self.reserved:
                self.keep_answer(response)
                self.reserved = None
        return response

    def receive(self, request: Request) -> Stored:
        declared = request.headers.get("Content-Digest", "")
        if self.part:
            return self.part.stored(sha256_of(declared))
        return receive(
            request._request,
            kind=self.kind,
            tenant_id=self.principal.tenant_id,
            length=declared_length(request._request),
            declared_sha256=sha256_of(declared),
            declared_type=request._request.content_type or "",
            file_name=file_name_of(request._request),
        )


class UploadView(UploadMixin):
    """An endpoint that only takes files."""

    http_method_names = ["post", "put", "options"]  # noqa: RUF012  # Django's own declaration

    def post(self, request: Request, **kwargs: Any) -> Response:
        return self.upload(request, **kwargs)

    def put(self, request: Request, **kwargs: Any) -> Response:
        return self.upload(request, **kwargs)


class StoringHandler(FileUploadHandler):
    """Django's hook for a form's files: the one file goes through the room's intake, piece by piece."""

    chunk_size = 64 * 1024

    def __init__(self, kind: Kind, request: HttpRequest) -> None:
        super().__init__(request)
        self.kind = kind
        self.asking = request
        self.counted = Counted(request)
        self.intake: Intake | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != FORM_PART or self.intake:
            raise FileRefused(f"Send one file, in the part {FORM_PART!r}.", code="one_file_expected")
        self.intake = Intake(
            kind=self.kind,
            tenant_id=require_principal(self.asking).tenant_id,
            declared_type=self.content_type or "",
            file_name=file_name,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.intake:
            self.intake.feed(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None

    def stored(self, sha256: str) -> Stored:
        """Read the form, unless it was read for its CSRF token, and store its file."""
        try:
            self.asking.POST  # noqa: B018  # parses the form
        except MultiPartParserError as error:
            raise ParseError(f"The form is malformed: {error}") from error
        except UnreadablePostError as error:
            raise UploadIncomplete("The connection broke before the body was complete.") from error
        if self.counted.count != declared_length(self.asking):
            raise UploadIncomplete(
                f"{declared_length(self.asking)} bytes were announced and {self.counted.count} came."
            )
        if self.intake is None:
            raise FileRefused(f"The form has no part {FORM_PART!r} with a file.", code="one_file_expected")
        if sha256:
            self.intake.declared_sha256 = sha256
        return self.intake.finish()

    def close(self) -> None:
        if self.intake:
            self.intake.close()


class Counted:
    """A request's body under a counter: Django takes a form that is cut short for a whole one."""

    def __init__(self, request: HttpRequest) -> None:
        self.stream = request._stream
        self.count = 0
        request._stream = self  # type: ignore[assignment]  # Django only reads and closes it

    def read(self, *args: int) -> bytes:
        piece: bytes = self.stream.read(*args)
        self.count += len(piece)
        return piece

    def readline(self) -> bytes:
        """Django throws away what follows the form line by line; a line may be as long as the body."""
        return self.read(StoringHandler.chunk_size)

    def close(self) -> None:
        self.stream.close()


def check_length(request: HttpRequest, most: int) -> None:
    """Raise `LengthRequired` or `FileTooLarge` before anything is read, and refuse parts and encodings of a file."""
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType(request.headers["Content-Encoding"], "Send the file without Content-Encoding.")
    if "Content-Range" in request.headers:
        raise ParseError("Send the whole file: Content-Range is not supported.")
    if not request.META.get("CONTENT_LENGTH", "").isdigit():
        raise LengthRequired("A file is sent with its Content-Length, not in chunks.")
    if declared_length(request) > most:
        raise FileTooLarge(f"At most {most} bytes are accepted here.", limit=most)


def release_connection() -> None:
    """Give the database connection back while the body comes, which may take minutes."""
    if not connection.in_atomic_block:
        connection.close()


def sha256_of(header: str) -> str:
    """Return the SHA-256 of a Content-Digest field (RFC 9530) in hex, "" where there is none. Raises `FileRefused`."""
    for member in header.split(","):
        algorithm, _, value = member.strip().partition("=")
        if algorithm.lower() == "sha-256":
            return decoded(value)
    return ""


def decoded(value: str) -> str:
    try:
        raw = base64.b64decode(value.strip(":"), validate=True) if value[:1] == value[-1:] == ":" else b""
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise ParseError("Content-Digest is not of the form sha-256=:base64: (RFC 9530).")
    return raw.hex()


def file_name_of(request: HttpRequest) -> str:
    """Return the name from ?file_name= or from Content-Disposition (RFC 6266)."""
    if "file_name" in request.GET:
        return request.GET["file_name"]
    _, parameters = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    return parameters.get("filename", "")
