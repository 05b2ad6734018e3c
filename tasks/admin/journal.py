"""What stands in the way, what was handed over, done and committed, for staff."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common import context
from common.admin import MadeFilter, Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from tasks.admin.parts import OF_AGENT, OF_PROJECT, OF_TASK
from tasks.models import Blocker, CommitRecord, FileChange, Handoff, WorkLogEntry
from tasks.services import open_blocker, reject_handoff, resolve_blocker

TIMES = ("created_at", "updated_at")


@admin.register(Blocker)
class BlockerAdmin(ServiceAdmin):
    list_display = ("reason", "task", "owner", "owner_agent", "opened_at", "resolved_at")
    list_select_related = ("task__project", "owner", "owner_agent")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), OF_TASK, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "owner_id", "owner_agent_id")
    search_help_text = "The id of a blocker, a task or an owner."
    autocomplete_fields = ("task", "owner", "owner_agent")
    fields = (
        "task",
        "reason",
        "unblock_steps",
        "commands",
        "owner",
        "owner_agent",
        "opened_at",
        "resolved_at",
        "resolved_by",
        "resolved_by_agent",
        "resolution",
        *TIMES,
    )
    add_fields = ("task", "unblock_steps", "commands", "owner", "owner_agent")
    actions = ("resolve",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Blocker:
        """The reason that every form asks for is the reason of the blocker."""
        return open_blocker(**data, reason=context.current().reason)

    def product_page(self, obj: Blocker) -> str:
        return f"{reverse('tasks:task', args=[obj.task_id])}#blockers"

    @with_reason("Resolve the chosen blockers: the reason is what was done about them")
    def resolve(self, request: HttpRequest, row: Blocker, reason: str) -> None:
        resolve_blocker(blocker=row, principal=require_principal(request), resolution=reason)


@admin.register(Handoff)
class HandoffAdmin(ReadOnlyAdmin):
    """Taken over by its taker, on the product's page. Here it can only be refused, so that the work is not stuck."""

    list_display = ("__str__", "task", "group", "from_user", "from_agent", "to_user", "to_agent", "created_at")
    list_select_related = ("task__project", "group", "from_user", "from_agent", "to_user", "to_agent")
    list_filter = (
        "status",
        OF_TASK,
        reference_filter("group_id", "group"),
        reference_filter("to_user_id", "taker", word="to_user__email"),
        reference_filter("to_agent_id", "taking agent", word="to_agent__name"),
        OF_PROJECT,
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "group_id", "to_user_id", "to_agent_id")
    search_help_text = "The id of a handoff, a task, a group or a taker."
    fields = (
        "project",
        "task",
        "group",
        "from_user",
        "from_agent",
        "to_user",
        "to_agent",
        "phase",
        "priority",
        "summary",
        "gotchas",
        "files_tagged",
        "commits",
        "expected_outputs",
        "acceptance_criteria",
        "artifact_ids",
        "status",
        "offered_at",
        "log_read_at",
        "commits_reviewed_at",
        "blockers_checked_at",
        "answered_at",
        "completed_at",
        "rejected_reason",
        *TIMES,
    )
    actions = ("reject",)

    def product_page(self, obj: Handoff) -> str:
        return f"{reverse('tasks:task', args=[obj.task_id])}#handoffs" if obj.task_id else ""

    @with_reason("Refuse the chosen handoffs: the work stays with whoever offered it")
    def reject(self, request: HttpRequest, row: Handoff, reason: str) -> None:
        reject_handoff(handoff=row, reason=reason)


@admin.register(WorkLogEntry)
class WorkLogEntryAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "task", "phase", "user", "agent", "at")
    list_select_related = ("task__project", "phase", "user", "agent")
    list_filter = ("kind", OF_TASK, reference_filter("phase_id", "phase"), OF_PROJECT, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "phase_id")
    search_help_text = "The id of a line, a task or a phase."
    fields = ("project", "phase", "task", "kind", "text", "at", "user", "agent", "created_at")


@admin.register(CommitRecord)
class CommitRecordAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "branch", "task", "user", "agent", "committed_at")
    list_select_related = ("task__project", "user", "agent")
    list_filter = (("hash", admin.EmptyFieldListFilter), OF_TASK, OF_PROJECT, OF_AGENT, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "project_id")
    search_help_text = "The id of a commit's record, a task or a project."
    fields = (
        "project",
        "task",
        "further_task_ids",
        "hash",
        "branch",
        "message",
        "committed_at",
        "user",
        "agent",
        *TIMES,
    )
    panels = (Panel(FileChange, "commit_id", ("path", "change", "status", "lines_added", "lines_deleted")),)


@admin.register(FileChange)
class FileChangeAdmin(ReadOnlyAdmin):
    list_display = ("path", "change", "status", "task", "commit", "lines_added", "lines_deleted", "created_at")
    list_select_related = ("task__project", "commit")
    list_filter = ("change", "status", OF_TASK, reference_filter("commit_id", "commit"), OF_PROJECT, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "commit_id")
    search_help_text = "The id of a change, a task or a commit's record."
    fields = (
        "project",
        "task",
        "commit",
        "path",
        "copied_from",
        "change",
        "status",
        "lines_added",
        "lines_deleted",
        "user",
        "agent",
        *TIMES,
    )
