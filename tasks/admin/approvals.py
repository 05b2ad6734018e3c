"""Questions to people."""

from django.contrib import admin
from django.urls import reverse

from common.admin import ReadOnlyAdmin
from tasks.models import ApprovalRequest


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    """Never decided here: its page shows exactly what is asked, and to whom it is open."""

    list_display = ("id", "task", "kind", "question", "agent", "status", "decided_by", "expires_at", "redeemed_at")
    list_select_related = ("task__project", "agent", "decided_by")
    list_filter = ("status", "kind")
    search_fields = ("id",)
    search_ids = ("pk",)
    search_help_text = "The id of an approval."

    def product_page(self, obj: ApprovalRequest) -> str:
        return reverse("tasks:approval", args=[obj.pk])
