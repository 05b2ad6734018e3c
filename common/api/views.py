"""API bases: the tenant context around each request, rows by right, idempotent creates, ETags."""

from collections.abc import Callable
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from common.api import idempotency, limits
from common.api.body import read_body
from common.api.idempotency import StoredAnswer
from common.context import Principal
from common.errors import Forbidden, NotFound, PreconditionFailed
from common.http import require_principal
from common.redis import Decision
from common.tenancy.views import TenantContextMixin

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ScopePermission(BasePermission):
    """A token does what its scopes say: `read` for safe methods, the view's `write_scope` for the others."""

    message = "The token's scopes do not allow this."
    code = "missing_scope"

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = require_principal(request._request)
        if principal.via != "token":
            return True
        needed = "read" if request.method in SAFE_METHODS else getattr(view, "write_scope", "write")
        return needed in principal.scopes


class ApiView(TenantContextMixin, APIView):
    """One endpoint, and what every endpoint does around its handler."""

    permission_classes = (IsAuthenticated, ScopePermission)
    metadata_class = None
    write_scope = "write"
    max_body = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    secret_members: tuple[str, ...] = ()
    """members of the answer that are never stored with an idempotency key; `restore` makes them again"""

    reserved: dict[str, Any] | None = None
    quota: Decision | None = None

    @property
    def principal(self) -> Principal:
        return require_principal(self.request._request)

    def restore(self, item: dict[str, Any]) -> dict[str, Any]:
        """Put the secret members back into an item of a stored answer."""
        return item

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.quota = limits.count_request(self.principal)
        self.quota.require()
        raw = read_body(request._request, self.max_body)
        self.reserve(request, raw)

    def reserve(self, request: Request, raw: bytes) -> None:
        """Take the request's idempotency key; a request that was answered before gets its answer again."""
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return
        reservation = {"route": f"{request.method} {request.path}", "key": key}
        mark = idempotency.store().fingerprint("POST", request.get_full_path(), raw)
        answer = idempotency.store().reserve(self.principal, **reservation, fingerprint=mark)
        if answer:
            raise Replay(answer)
        self.reserved = reservation

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replay):
            data = orjson.loads(exc.answer.body) if exc.answer.body else None
            return Response(
                each_member(data, self.restore), status=exc.answer.status, headers={"Idempotent-Replayed": "true"}
            )
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished = super().finalize_response(request, response, *args, **kwargs)
        finished.headers.setdefault("Cache-Control", "private, no-store")
        limits.tell(finished, self.quota)
        if self.reserved and not transaction.get_connection().needs_rollback:
            self.keep_answer(response)
        return finished

    def keep_answer(self, response: Response) -> None:
        """Keep the answer of a write that took effect; one that changed nothing may be corrected and sent again."""
        if response.status_code >= 400 or response.data is None:
            idempotency.store().release(self.principal, **self.reserved or {})
            return
        body = JSONRenderer().render(each_member(response.data, self.without_secrets)).decode()
        idempotency.store().store(
            self.principal, **self.reserved or {}, answer=StoredAnswer(response.status_code, body)
        )

    def valid(self, serializer_class: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """Return the validated input of this request."""
        return self.checked(serializer_class, self.request.data, partial=partial)

    def valid_query(self, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the validated query parameters of this request."""
        return self.checked(serializer_class, self.request.query_params.dict())

    def checked(self, serializer_class: type[Serializer[Any]], data: Any, *, partial: bool = False) -> dict[str, Any]:
        serializer = serializer_class(data=data, partial=partial, context={"request": self.request, "view": self})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def without_secrets(self, item: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in item.items() if name not in self.secret_members}


def each_member(data: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Apply `change` to an answer that is one object, or to each of a list of them."""
    if isinstance(data, list):
        return [change(item) for item in data]
    return change(data) if isinstance(data, dict) else data


class Replay(Exception):  # not an error: the first answer, again
    """The request was answered before."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__()
        self.answer = answer


def require(allowed: bool, detail: str) -> None:
    """Raise `Forbidden` where a permission says no."""
    if not allowed:
        raise Forbidden(detail)


def etag_of(obj: Any) -> str:
    """Return the entity tag of a row: its version in microseconds. Strong: `If-Match` takes no other (RFC 9110)."""
    return f'"{int(obj.updated_at.timestamp() * 1_000_000):x}"'


def check_if_match(request: Request, obj: Any) -> None:
    """Raise `PreconditionFailed` where `If-Match` names another version than the row has."""
    wanted = request.headers.get("If-Match")
    if wanted and wanted != "*" and etag_of(obj) not in [tag.strip() for tag in wanted.split(",")]:
        raise PreconditionFailed("Read the object again; its ETag is the one to send.", etag=etag_of(obj))


class VisibleViewSet(ApiView, GenericViewSet[Any]):
    """Rows by right: `queryset` narrowed by `visible_to`; what one may not see is a 404.

    A child names `queryset`, `serializer_class` and `filterset_class`; `list_serializer_class` where lists show less,
    `orderings` (not null) where they can be ordered by more than the key.
    """

    lookup_value_converter = "uuid"
    list_serializer_class: type[Serializer[Any]] | None = None
    orderings: tuple[str, ...] = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()  # type: ignore[no-any-return]
        return self.narrowed(queryset)

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return queryset.visible_to(self.principal)  # type: ignore[no-any-return]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action == "list" and self.list_serializer_class:
            return self.list_serializer_class
        return super().get_serializer_class()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self.get_object())

    def shown(self, obj: Any, status: int = 200) -> Response:
        """Return the representation of a row with its ETag."""
        headers = {"ETag": etag_of(obj)} if hasattr(obj, "updated_at") else None
        return Response(self.get_serializer(obj).data, status=status, headers=headers)

    def get_object(self) -> Any:
        obj = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if obj is None:
            raise NotFound("It does not exist, or you may not see it.")
        return obj

    def object_to_change(self) -> Any:
        """Return the row; where `If-Match` names a version, locked, so that nobody slips in behind the check."""
        obj = self.get_object()
        if "If-Match" in self.request.headers:
            type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
            obj = self.get_object()
            check_if_match(self.request, obj)
        return obj
