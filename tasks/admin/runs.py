"""Runs, their output and their late writes. What may be done to a run is an action; its row is never edited."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter, with_reason
from evidence.models import Evidence
from tasks.admin.parts import OF_PROJECT, OF_TASK
from tasks.models import Execution, ExecutionLog, QuarantinedWrite
from tasks.services import cancel_execution, take_lease


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "task",
        "attempt",
        "agent",
        "status",
        "progress",
        "started_at",
        "ended_at",
        "lease_expires_at",
    )
    list_select_related = ("task__project", "agent")
    list_filter = (
        "status",
        "error_category",
        OF_TASK,
        reference_filter("agent", "agent", word="agent__name"),
        OF_PROJECT,
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_words = ("trace_id",)
    search_help_text = "The id of a run or of a task, or a trace."
    panels = (
        Panel(Evidence, "execution_id", ("title", "source_type", "grade", "created_at")),
        Panel(ExecutionLog, "execution_id", ("offset", "size", "created_at"), title="Newest output"),
        Panel(QuarantinedWrite, "execution_id", ("kind", "reason", "created_at"), title="Late writes"),
    )
    actions = ("cancel", "release_lease")

    def product_page(self, obj: Execution) -> str:
        return reverse("tasks:run-log", args=[obj.pk])

    @with_reason("Cancel the chosen runs")
    def cancel(self, request: HttpRequest, row: Execution, reason: str) -> None:
        cancel_execution(execution=row, reason=reason)

    @with_reason("Take the lease away and offer the task again")
    def release_lease(self, request: HttpRequest, row: Execution, reason: str) -> None:
        take_lease(execution=row, reason=reason)


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    """Chunks of output; the text is read on the run's page."""

    list_display = ("id", "execution", "offset", "size", "sha256", "created_at")
    list_select_related = ("execution__task__project",)
    list_filter = (reference_filter("execution_id", "run"), MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "execution_id")
    search_words = ("sha256",)
    search_help_text = "The id of a chunk or of a run, or a digest."


@admin.register(QuarantinedWrite)
class QuarantinedWriteAdmin(ReadOnlyAdmin):
    """Late writes, kept for a person. They changed nothing."""

    list_display = ("id", "execution", "kind", "reason", "created_at")
    list_select_related = ("execution",)
    list_filter = ("kind", reference_filter("execution_id", "run"), MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "execution_id")
