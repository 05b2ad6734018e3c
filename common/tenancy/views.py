"""The part that views share: the tenant context around handler and rendering."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from common.http import principal_of
from common.tenancy.context import tenant_context


class TenantContextMixin:
    """Open the caller's tenant context around `dispatch` and the rendering of its response.

    Without a caller there is no context: the view must then answer without touching tenant rows (sign-in, 401).
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        principal = principal_of(request)
        if principal is None:
            return self._answer(request, *args, **kwargs)
        with tenant_context(principal.tenant_id, actor=principal.actor):
            return self._answer(request, *args, **kwargs)

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: Any = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        if hasattr(response, "render") and callable(response.render):
            response = response.render()
        return response  # type: ignore[no-any-return]
