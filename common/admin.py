"""Bases for the admin: it reads and finds; what it writes goes through services, and the log says so.

Change lists are pages by key, newest first: no COUNT, no OFFSET, the same cost on every page of a table of any size.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import OperationalError, connections, transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from psycopg.errors import QueryCanceled

from common.errors import DomainError

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ServiceModelForm = forms.ModelForm[Any]
else:
    # Django's classes take no type argument at run time.
    ModelAdmin = admin.ModelAdmin
    ServiceModelForm = forms.ModelForm

COUNTED = 1000
PER_PAGE = 50
LIST_TIMEOUT = "3s"
CURSORS = ("after", "before")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count no further than a thousand rows: nothing here may scan a table to print a number."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return len(rows.values("pk")[: COUNTED + 1]) if isinstance(rows, QuerySet) else len(rows)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class KeysetChangeList(ChangeList):
    """`?after=<id>` and `?before=<id>` instead of page numbers. The order is fixed: newest first."""

    next_query: str | None = None
    previous_query: str | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        # Django takes every parameter it does not know for a filter, and answers an unknown one with a redirect.
        kept = super().get_filters_params(params)
        return {name: value for name, value in kept.items() if name not in CURSORS}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        after, before = (as_uuid(request.GET.get(name, "")) for name in CURSORS)
        page, older, newer = self.page(after, before)
        if older:
            self.next_query = self.cursor_query("after", page[-1].pk)
        if newer:
            self.previous_query = self.cursor_query("before", page[0].pk)
        self.result_list: Any = page
        # Nothing is counted, so nothing is said about a total; "select all across pages" does not exist either.
        self.result_count = self.full_result_count = len(page)
        self.show_full_result_count = False
        self.can_show_all = self.multi_page = False
        self.show_admin_actions = bool(page)
        self.paginator = self.model_admin.get_paginator(request, cast(Any, page), self.list_per_page)

    def page(self, after: UUID | None, before: UUID | None) -> tuple[list[Any], bool, bool]:
        """Return the rows of this page, and whether there are older and newer ones."""
        size = self.list_per_page
        if before:
            rows = list(self.queryset.filter(pk__gt=before).order_by("pk")[: size + 1])
            return rows[size - 1 :: -1] if len(rows) > size else rows[::-1], bool(rows), len(rows) > size
        queryset = self.queryset.filter(pk__lt=after) if after else self.queryset
        rows = list(queryset[: size + 1])
        return rows[:size], len(rows) > size, bool(after and rows)

    def cursor_query(self, name: str, value: UUID) -> str:
        return self.get_query_string({name: str(value)}, remove=list(CURSORS))


class TenantAdmin(ModelAdmin):
    """A change list of the signed-in person's tenant. Children that write inherit `ServiceAdmin`."""

    list_per_page = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by: ClassVar[Any] = ()
    actions: Any = None
    # Columns that hold ids, and lookups for any other word: each one served by an index. Empty: Django's own search.
    search_ids: Sequence[str] = ()
    search_words: Sequence[str] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

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
        return super().render_change_form(request, context | {"product_page": page}, *args, **kwargs)

    def log_addition(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """The audit log records it; Django's own history can be edited, so it is not kept."""

    log_change = log_addition  # type: ignore[assignment]
    log_deletions = log_addition  # type: ignore[assignment]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the person may run the actions: they call services, so the model's own form may be read-only."""
        return super().has_change_permission(request)


class ReadOnlyAdmin(TenantAdmin):
    """Nobody adds, changes or deletes here, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ServiceForm(ServiceModelForm):
    """A form that shows a service's refusal beside the field it names."""

    refusal: DomainError | None = None

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.refusal is not None:
            named = {name: words for name, words in self.refusal.extra.get("errors", {}).items() if name in self.fields}
            for name, words in (named or {None: [self.refusal.detail]}).items():
                self.add_error(name, words)
        return cleaned


class ServiceAdmin(TenantAdmin):
    """A form whose save is a service call.

    `add_fields` are what `create` takes, `changeable` what `update` may change; the rest of `fields` is shown.
    """

    form = ServiceForm
    add_fields: Sequence[str] = ()
    changeable: Sequence[str] = ()

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Any:
        """Call the service that makes one; return it."""
        raise NotImplementedError

    def update(self, request: HttpRequest, row: Any, changes: dict[str, Any]) -> Any:
        """Call the service that changes `row`, as it is in the database; return it."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.add_fields) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.changeable) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else self.add_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.fields or () if name not in self.changeable] if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "service_refusal", None)})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with transaction.atomic():
                return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            # Nothing was written. The same form once more, now with what the service said.
            request.service_refusal = refusal  # type: ignore[attr-defined]  # read by get_form
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # The form has put the new values on `obj`; a service compares with what is stored.
            row = type(obj)._default_manager.get(pk=obj.pk)
            saved = self.update(request, row, {name: form.cleaned_data[name] for name in form.changed_data})
        else:
            saved = self.create(request, dict(form.cleaned_data))
        obj.pk = saved.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """No inlines are edited here; services keep relations."""


class ReasonForm(forms.Form):
    """Why: it is kept in the log."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


Perform = Callable[[Any, HttpRequest, Any, str], object]
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def with_reason(label: str) -> Callable[[Perform], Action]:
    """Make an action of `perform(admin, request, row, reason)`: ask for the reason first, then call it for each row."""

    def decorate(perform: Perform) -> Action:
        @admin.action(description=label, permissions=["operate"])
        @wraps(perform)
        def action(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            rows = list(queryset[:PER_PAGE])
            form = ReasonForm(request.POST if "confirmed" in request.POST else None)
            if not form.is_valid():
                return ask_for_reason(self, request, rows, form, label)
            perform_each(request, rows, label, lambda row: perform(self, request, row, form.cleaned_data["reason"]))
            return None

        return action

    return decorate


def ask_for_reason(
    self: TenantAdmin, request: HttpRequest, rows: list[Any], form: forms.Form, label: str
) -> HttpResponse:
    context = {
        **self.admin_site.each_context(request),
        "title": label,
        "rows": rows,
        "form": form,
        "opts": self.opts,
        "action": request.POST["action"],
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/give_reason.html", context)


def perform_each(request: HttpRequest, rows: list[Any], label: str, perform: Callable[[Any], object]) -> None:
    """Call the service for each row; a refusal of one does not stop the others."""
    done = 0
    for row in rows:
        try:
            perform(row)
            done += 1
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.detail}")
    if done:
        messages.success(request, f"{label}: done for {done}.")
