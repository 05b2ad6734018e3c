"""What tasks wait for and who works on them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import MadeFilter, ServiceAdmin, reference_filter, with_reason
from tasks.admin.parts import OF_PROJECT, OF_TASK, EitherAdmin
from tasks.models import Assignment, TaskDependency
from tasks.services import add_dependency, assign, end_assignment, remove_dependency


@admin.register(TaskDependency)
class TaskDependencyAdmin(ServiceAdmin):
    list_display = ("id", "task", "depends_on", "kind", "satisfied_at", "created_at")
    list_select_related = ("task__project", "depends_on__project")
    list_filter = ("kind", OF_TASK, reference_filter("depends_on_id", "prerequisite"))
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "depends_on_id")
    search_help_text = "The id of a dependency or of one of its two tasks."
    autocomplete_fields = ("task", "depends_on")
    fields = ("task", "depends_on", "kind", "reason", "satisfied_at", "created_at", "updated_at")
    add_fields = ("task", "depends_on", "kind")
    actions = ("remove",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> TaskDependency:
        return add_dependency(**data)

    @with_reason("Remove the chosen dependencies")
    def remove(self, request: HttpRequest, row: TaskDependency, reason: str) -> None:
        remove_dependency(dependency=row, reason=reason)


@admin.register(Assignment)
class AssignmentAdmin(EitherAdmin):
    list_display = ("id", "role", "task", "group", "user", "agent", "condition", "ended_at")
    list_select_related = ("task__project", "group", "user", "agent")
    list_filter = (
        "role",
        OF_TASK,
        reference_filter("group_id", "group"),
        reference_filter("agent_id", "agent", word="agent__name"),
        OF_PROJECT,
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "group_id", "user_id", "agent_id")
    search_help_text = "The id of an assignment, a task, a group, a person or an agent."
    autocomplete_fields = ("task", "group", "user", "agent")
    fields = (
        "project",
        "task",
        "group",
        "user",
        "agent",
        "role",
        "scope",
        "condition",
        "rationale",
        "ended_at",
        "created_at",
        "updated_at",
    )
    add_fields = ("task", "group", "user", "agent", "role", "scope", "condition", "rationale")
    actions = ("end",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Assignment:
        return assign(**data)

    @with_reason("End the chosen assignments")
    def end(self, request: HttpRequest, row: Assignment, reason: str) -> None:
        end_assignment(assignment=row, reason=reason)
