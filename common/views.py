"""The base of HTML pages."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.generic.base import TemplateResponseMixin, View

from common.context import Principal
from common.errors import NotFound
from common.http import principal_of, require_principal
from common.tenancy.views import TenantContextMixin


class TenantView(TenantContextMixin, View):
    """A page for people who are signed in; others, also with a token, go to sign-in and come back. `self.principal` is
    who asks.
    """

    @property
    def principal(self) -> Principal:
        return require_principal(self.request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        principal = principal_of(request)
        if principal is None or not principal.has_session:
            return redirect_to_login(request.get_full_path())
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error


class PageView(TemplateResponseMixin, TenantView):
    """A page with a template; `context()` is what it shows."""

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return kwargs

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.render_to_response(self.context(**kwargs))
