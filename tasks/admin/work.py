"""Tasks for staff. States change through the services of the product."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.admin import MadeFilter, Panel, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from evidence.models import Evidence
from tasks.admin.parts import OF_PROJECT
from tasks.models import (
    AcceptanceContract,
    ApprovalRequest,
    Attachment,
    Blocker,
    ChecklistItem,
    Comment,
    CommitRecord,
    Execution,
    FileChange,
    Handoff,
    Task,
    TaskDependency,
    WorkLogEntry,
)
from tasks.services import cancel_task, create_task, delete_task, reopen_task, restore_task, update_task

TASK_KEY = re.compile(r"^([A-Za-z][A-Za-z0-9]{1,9})-(\d{1,9})$")
ITSELF = ("project",)
TAKERS = ("to_user", "to_agent")
EDITABLE = (
    "title",
    "description",
    "instructions",
    "notes",
    "target_path",
    "input",
    "metadata",
    "type",
    "kind",
    "code",
    "priority",
    "complexity",
    "labels",
    "plan",
    "phase",
    "group",
    "parent",
    "assigned_user",
    "assigned_agent",
    "required_capabilities",
    "estimated_minutes",
    "estimated_hours",
    "actual_hours",
    "due_date",
    "max_attempts",
    "soft_timeout_seconds",
    "hard_timeout_seconds",
    "inactivity_seconds",
    "github_issue_number",
    "github_pr_number",
    "github_node_id",
    "github_url",
    "files_changed",
    "lines_added",
    "lines_deleted",
    "ai_analysis",
    "ai_suggestions",
)
SHOWN = (
    "status",
    "status_reason",
    "run_state",
    "waiting_on",
    "resolution",
    "verification",
    "attempt",
    "attempts_left",
    "claimable_from",
    "output",
    "created_by",
    "created_at",
    "updated_at",
    "started_at",
    "closed_at",
    "deleted_at",
)


@admin.register(Task)
class TaskAdmin(ServiceAdmin):
    list_display = (
        "key",
        "title",
        "status",
        "type",
        "priority",
        "assigned_agent",
        "attempt",
        "updated_at",
        "deleted_at",
    )
    list_select_related = ("project", "assigned_agent")
    list_filter = (
        "status",
        "type",
        "kind",
        "priority",
        "verification",
        OF_PROJECT,
        reference_filter("plan_id", "plan"),
        reference_filter("group_id", "group"),
        reference_filter("assigned_agent_id", "agent", word="assigned_agent__name"),
        ("deleted_at", admin.EmptyFieldListFilter),
        MadeFilter,
    )
    search_fields = ("project__key",)
    search_ids = ("pk", "project_id", "parent_id")
    search_words = ("project__key", "title__begins")
    search_help_text = "A task's key (CM-12) or id, a project's key or id, or how the title begins."
    autocomplete_fields = ("project", "plan", "phase", "group", "parent", "assigned_user", "assigned_agent")
    fields = ("key", *ITSELF, *EDITABLE, *SHOWN)
    add_fields = (*ITSELF, *EDITABLE)
    changeable = EDITABLE
    panels = (
        Panel(
            Execution, "task_id", ("attempt", "agent", "status", "started_at", "ended_at"), "Newest runs", ("agent",)
        ),
        Panel(Evidence, "task_id", ("title", "source_type", "grade", "created_at")),
        Panel(ApprovalRequest, "task_id", ("question", "kind", "status", "created_at")),
        Panel(TaskDependency, "task_id", ("depends_on", "kind", "satisfied_at"), "Waits for", ("depends_on__project",)),
        Panel(Blocker, "task_id", ("reason", "opened_at", "resolved_at")),
        Panel(Handoff, "task_id", ("phase", "status", *TAKERS), select_related=TAKERS),
        Panel(AcceptanceContract, "task_id", ("id", "created_at"), title="Acceptance contract"),
        Panel(ChecklistItem, "task_id", ("ordinal", "text", "done")),
        Panel(Comment, "task_id", ("__str__", "author", "agent", "created_at"), select_related=("author", "agent")),
        Panel(Attachment, "task_id", ("file_name", "media_type", "size", "is_evidence", "created_at")),
        Panel(WorkLogEntry, "task_id", ("__str__", "kind", "at")),
        Panel(CommitRecord, "task_id", ("__str__", "branch", "committed_at"), title="Newest commits"),
        Panel(FileChange, "task_id", ("path", "change", "status")),
    )
    actions = ("cancel", "reopen", "delete_softly", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Deleted ones too, for those who see the whole tenant: here they are restored."""
        if getattr(request.user, "sees_whole_tenant", False):
            return Task.all_objects.all()
        return super().get_queryset(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        match = TASK_KEY.match(term)
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

    @with_reason("Delete the chosen tasks (they can be restored)")
    def delete_softly(self, request: HttpRequest, row: Task, reason: str) -> None:
        delete_task(task=row, reason=reason)

    @with_reason("Restore the chosen deleted tasks")
    def restore(self, request: HttpRequest, row: Task, reason: str) -> None:
        restore_task(task=row, reason=reason)
