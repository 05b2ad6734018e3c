"""The log in the admin: to read and find. Nobody edits it, superusers included."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from audit.models import Event
from common.admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "event_type", "actor_label", "resource_type", "resource_label", "outcome")
    list_filter = ("action", "outcome", "source")
    search_fields = ("event_type",)
    search_ids = ("pk", "resource_id", "task_id", "actor_id", "project_id")
    search_words = ("event_type",)
    search_help_text = "The id of an event, an object, a task, an actor or a project; or an event type (task.claimed)."

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        match = request.resolver_match
        return rows.defer("body", "reason") if match and match.url_name == "audit_event_changelist" else rows

    def of_own_projects(self, request: HttpRequest, rows: Any) -> Any:
        """The whole log or none: what one may see of it otherwise is on the pages of the product."""
        return rows.none()
