"""The log in the admin: to read and find. Nobody edits it, superusers included."""

from django.contrib import admin

from audit.models import Event
from common.admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "event_type", "actor_label", "resource_type", "resource_label", "outcome")
    list_filter = ("action", "outcome", "source")
    search_fields = ("=resource_id", "=actor_id", "=task_id", "=event_type")
