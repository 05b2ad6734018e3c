"""Forms whose save is a service call, and whose refusals are shown beside the field they name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from common.admin.base import TenantAdmin
from common.context import because
from common.errors import DomainError

if TYPE_CHECKING:
    ServiceModelForm = forms.ModelForm[Any]
else:
    # Django's class takes no type argument at run time.
    ServiceModelForm = forms.ModelForm


def reason_field() -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(max_length=2000, widget=widget, help_text="Why: it is kept in the log.")


class ServiceForm(ServiceModelForm):
    """A form that shows a service's refusal beside the field it names."""

    reason = reason_field()
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
        fields = (self.fields or ()) if obj else self.add_fields
        asks = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return (*fields, "reason") if asks else fields

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
        values = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
        with because(form.cleaned_data["reason"]):
            if change:
                # The form has put the new values on `obj`; a service compares with what is stored.
                row = type(obj)._default_manager.get(pk=obj.pk)
                changed = [name for name in form.changed_data if name in values]
                saved = self.update(request, row, {name: values[name] for name in changed})
            else:
                saved = self.create(request, values)
        obj.pk = saved.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """No inlines are edited here; services keep relations."""
