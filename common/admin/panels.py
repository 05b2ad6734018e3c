"""Panels: the newest rows of a relation without an end, read-only, with a link to all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import display_for_value, label_for_field, lookup_field
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

NEWEST = 10


@dataclass(frozen=True, slots=True)
class Panel:
    """The newest ten `model` rows whose `field` is the object. `columns` are fields or the model admin's own columns.

    The link goes to the change list with `?{field}=<id>`: that list needs `reference_filter(field)`.
    """

    model: type[Model]
    field: str
    columns: Sequence[str]
    title: str = ""
    select_related: Sequence[str] = ()

    def of(self, obj: Model, site: AdminSite, request: HttpRequest) -> dict[str, Any] | None:
        """Return what the template draws; None where the person may not read these rows."""
        model_admin = site._registry[self.model]
        if not model_admin.has_view_permission(request):
            return None
        found = model_admin.get_queryset(request).filter(**{self.field: obj.pk}).select_related(*self.select_related)
        rows = list(found.order_by("-pk")[: NEWEST + 1])
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}"
        return {
            "title": self.title or f"Newest {self.model._meta.verbose_name_plural}",
            "headings": [str(label_for_field(column, self.model, model_admin)) for column in self.columns],
            "rows": [
                {
                    "url": reverse(f"admin:{name}_change", args=[row.pk]),
                    "cells": [self.cell(row, column, model_admin) for column in self.columns],
                }
                for row in rows[:NEWEST]
            ],
            "all": f"{reverse(f'admin:{name}_changelist')}?{self.field}={obj.pk}" if len(rows) > NEWEST else "",
        }

    def cell(self, row: Model, column: str, model_admin: Any) -> str:
        field, _, value = lookup_field(column, row, model_admin)
        if field is not None and field.choices:
            value = dict(field.flatchoices).get(value, value)
        return str(display_for_value(value, "-"))
