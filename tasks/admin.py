"""Work for staff. States change through the services of the product; approvals are decided on their page only."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.admin import ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from tasks.models import ApprovalRequest, Execution, QuarantinedWrite, Task
from tasks.services import cancel_task, create_task, reopen_task, update_task

TASK_KEY = re.compile(r"^([A-Za-z][A-Za-z0-9]{1,9})-(\d{1,9})$")


@admin.register(Task)
class TaskAdmin(ServiceAdmin):
    list_display = ("key", "title", "status", "type", "priority", "assigned_agent", "attempt", "updated_at")
    list_select_related = ("project", "assigned_agent")
    list_filter = ("status", "type", "priority")
    search_fields = ("project__key",)
    search_ids = ("pk", "project_id")
    search_words = ("project__key",)
    search_help_text = "A task's key (CM-12) or id, or a project's key."
    autocomplete_fields = ("project", "plan", "assigned_agent")
    fields = (
        "key",
        "project",
        "title",
        "description",
        "instructions",
        "input",
        "type",
        "kind",
        "priority",
        "complexity",
        "labels",
        "plan",
        "assigned_agent",
        "required_capabilities",
        "status",
        "status_reason",
        "resolution",
        "verification",
        "attempt",
        "attempts_left",
        "claimable_from",
        "output",
        "created_by",
        "created_at",
        "updated_at",
        "closed_at",
    )
    add_fields = (
        "project",
        "title",
        "description",
        "instructions",
        "input",
        "type",
        "kind",
        "priority",
        "complexity",
        "labels",
        "plan",
        "assigned_agent",
        "required_capabilities",
        "max_attempts",
    )
    changeable = (
        "title",
        "description",
        "instructions",
        "input",
        "type",
        "priority",
        "complexity",
        "labels",
        "plan",
        "assigned_agent",
        "required_capabilities",
    )
    actions = ("cancel", "reopen")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        match = TASK_KEY.match(search_term.strip())
        if match:
            return queryset.filter(project__key=match[1].upper(), number=int(match[2])), False
        return super().get_search_results(request, queryset, search_term)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Task:
        return create_task(**data, created_by_id=require_principal(request).user_id)

    def update(self, request: HttpRequest, row: Task, changes: dict[str, Any]) -> Task:
        return update_task(task=row, **changes)

    def product_page(self, obj: Task) -> str:
        return reverse("tasks:task", args=[obj.pk])

    @with_reason("Cancel the chosen tasks")
    def cancel(self, request: HttpRequest, row: Task, reason: str) -> None:
        cancel_task(task=row, reason=reason)

    @with_reason("Offer the chosen tasks again")
    def reopen(self, request: HttpRequest, row: Task, reason: str) -> None:
        reopen_task(task=row, reason=reason)


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = ("id", "task", "attempt", "agent", "status", "started_at", "ended_at", "lease_expires_at")
    list_select_related = ("task__project", "agent")
    list_filter = ("status", reference_filter("agent", "agent", word="agent__name"))
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_help_text = "The id of a run or of a task."

    def product_page(self, obj: Execution) -> str:
        return reverse("tasks:run-log", args=[obj.pk])


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


@admin.register(QuarantinedWrite)
class QuarantinedWriteAdmin(ReadOnlyAdmin):
    """Late writes, kept for a person. They changed nothing."""

    list_display = ("id", "execution", "kind", "reason", "created_at")
    list_select_related = ("execution",)
    list_filter = ("kind",)
    search_fields = ("id",)
    search_ids = ("pk",)
