"""Bases for the admin: it reads and finds; what it writes goes through services, and the log says so."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's class takes no type argument at run time.
    ModelAdmin = admin.ModelAdmin

COUNTED = 1000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count no further than a thousand rows: a change list must not scan a table to print a number."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return len(rows.values("pk")[: COUNTED + 1]) if isinstance(rows, QuerySet) else len(rows)


class TenantAdmin(ModelAdmin):
    """A change list of the signed-in person's tenant. `save_model` of a child calls a service."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    actions: Any = None

    def log_addition(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """The audit log records it; Django's own history can be edited, so it is not kept."""

    log_change = log_addition  # type: ignore[assignment]
    log_deletions = log_addition  # type: ignore[assignment]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(TenantAdmin):
    """Nobody adds, changes or deletes here, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ServiceAdmin(TenantAdmin):
    """A form whose save is a service call: children map changed fields to it in `write`."""

    def write(self, request: HttpRequest, obj: Any, form: Any, *, change: bool) -> Any:
        """Call the service; return the saved object. A child without it may not be saved."""
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = self.write(request, obj, form, change=change)
        obj.pk = saved.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """No inlines are edited here; services keep relations."""
