"""The base of every admin page: rows of one's own tenant, by right; what it writes goes through services."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth import get_permission_codename
from django.db import OperationalError, connections, transaction
from django.db.models import DateTimeField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from psycopg.errors import QueryCanceled

from common.admin.lists import BoundedPaginator, KeysetChangeList, as_uuid
from common.admin.panels import Panel
from common.http import require_principal

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's class takes no type argument at run time.
    ModelAdmin = admin.ModelAdmin

PER_PAGE = 50
LIST_TIMEOUT = "3s"


class LabelledDateTime(AdminSplitDateTime):
    """Django's two inputs share one label, which names neither of them."""

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs)
        for widget, name in zip(self.widgets, ("Date", "Time"), strict=True):
            widget.attrs["aria-label"] = name


class TenantAdmin(ModelAdmin):
    """A change list of the signed-in person's tenant. Children that write inherit `ServiceAdmin`."""

    list_per_page = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by: ClassVar[Any] = ()
    actions: Any = None
    formfield_overrides: ClassVar[Any] = {DateTimeField: {"widget": LabelledDateTime}}
    # Columns that hold ids, and lookups for any other word: each one served by an index. Empty: Django's own search.
    search_ids: Sequence[str] = ()
    search_words: Sequence[str] = ()
    # The newest rows of relations that have no end, instead of inlines.
    panels: ClassVar[Sequence[Panel]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if not getattr(request.user, "sees_whole_tenant", False):
            rows = self.of_own_projects(request, rows)
        return rows

    def of_own_projects(self, request: HttpRequest, rows: Any) -> Any:
        """Return the rows that somebody sees whose role does not open the whole tenant."""
        return rows.visible_to(require_principal(request)) if hasattr(rows, "visible_to") else rows.none()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term or not self.search_ids:
            return super().get_search_results(request, queryset, term)
        identifier = as_uuid(term)
        lookups = self.search_ids if identifier else self.search_words
        conditions = [Q((lookup, identifier or term)) for lookup in lookups]
        return queryset.filter(Q(*conditions, _connector=Q.OR)) if conditions else queryset.none(), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Give a list three seconds: a search that no index serves must not hold a connection."""
        try:
            with transaction.atomic(), connections["default"].cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LIST_TIMEOUT])
                response = super().changelist_view(request, extra_context)
                return response.render() if hasattr(response, "render") else response
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            return self.too_slow(request)

    def too_slow(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Narrow the search", "opts": self.opts}
        return TemplateResponse(request, "admin/narrow_search.html", context, status=503)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history of an object is what the log says about it."""
        return redirect(f"{reverse('admin:audit_event_changelist')}?q={object_id}")

    def product_page(self, obj: Any) -> str:
        """Return the address of the page where daily work on this object happens; empty where there is none."""
        return ""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = context.get("original")
        page = self.product_page(obj) if obj is not None else ""
        panels = [panel.of(obj, self.admin_site, request) for panel in self.panels] if obj is not None else []
        more = {"product_page": page, "panels": [panel for panel in panels if panel]}
        return super().render_change_form(request, context | more, *args, **kwargs)

    def log_addition(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """The audit log records it; Django's own history can be edited, so it is not kept."""

    log_change = log_addition  # type: ignore[assignment]
    log_deletions = log_addition  # type: ignore[assignment]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the person may run the actions: they call services, so the model's own form may be read-only."""
        name = get_permission_codename("operate", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{name}")


class ReadOnlyAdmin(TenantAdmin):
    """Nobody adds, changes or deletes here, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
