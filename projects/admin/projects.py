"""Projects, their members and plans for staff."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common.admin import Panel, ServiceAdmin, reference_filter, with_reason
from projects.models import DecisionRecord, EscalationRule, Phase, Plan, Project, ProjectMember, ProjectStatus
from projects.services import (
    add_member,
    archive_project,
    cancel_plan,
    create_plan,
    create_project,
    delete_project,
    remove_member,
    update_plan,
    update_project,
)

DETAILS = (
    "name",
    "description",
    "repository_url",
    "repository_provider",
    "repository_owner",
    "repository_name",
    "default_branch",
    "technology_stack",
    "config",
    "metadata",
    "is_public",
    "is_template",
    "oversight_level",
    "hitl_config",
)
MEASURED = (
    "average_review_time_minutes",
    "average_merge_time_minutes",
    "pr_merge_rate",
    "test_coverage_percent",
    "last_activity_at",
)


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    list_display = ("key", "name", "slug", "status", "created_at")
    list_filter = ("status", "is_public", "is_template", reference_filter("owner_id", "owner", word="owner__email"))
    search_fields = ("=key", "^name", "^slug")
    search_help_text = "A key (CM), or the beginning of a name."
    fields = (
        "key",
        "slug",
        "owner",
        *DETAILS,
        "status",
        *MEASURED,
        "last_task_number",
        "archived_at",
        "completed_at",
        "created_at",
        "updated_at",
    )
    add_fields = ("key", "slug", *DETAILS)
    changeable = (*DETAILS, "status")
    actions = ("archive", "delete_softly")
    panels: ClassVar[Any] = (
        Panel(ProjectMember, "project_id", ("user", "role"), select_related=("user",)),
        Panel(Plan, "project_id", ("name", "status", "started_at", "completed_at")),
        Panel(DecisionRecord, "project_id", ("number", "title", "status")),
        Panel(EscalationRule, "project_id", ("area", "trigger", "is_active")),
    )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A project is deleted by the action, which says what it does."""
        if db_field.name == "status":
            kwargs["choices"] = [choice for choice in ProjectStatus.choices if choice[0] != ProjectStatus.DELETED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @with_reason("Archive the chosen projects: nothing in them can be claimed")
    def archive(self, request: HttpRequest, row: Project, reason: str) -> None:
        archive_project(project=row, reason=reason)

    @with_reason("Delete the chosen projects: their rows stay for the log")
    def delete_softly(self, request: HttpRequest, row: Project, reason: str) -> None:
        delete_project(project=row, reason=reason)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Project:
        """Whoever makes it here is its first owner and may hand it on."""
        return create_project(owner=request.user, **data)  # type: ignore[arg-type]  # the admin has signed-in people only

    def update(self, request: HttpRequest, row: Project, changes: dict[str, Any]) -> Project:
        return update_project(project=row, **changes)

    def product_page(self, obj: Project) -> str:
        return reverse("tasks:task-board", args=[obj.slug])


@admin.register(ProjectMember)
class ProjectMemberAdmin(ServiceAdmin):
    list_display = ("user", "project", "role", "created_at")
    list_select_related = ("user", "project")
    list_filter = ("role", reference_filter("project_id", "project", word="project__key"))
    search_fields = ("=project__key", "^user__display_name", "=user__email")
    search_help_text = "A project's key, a whole e-mail address, or the beginning of a name."
    autocomplete_fields = ("user", "project")
    fields: ClassVar[Any] = ("project", "user", "role", "created_at")
    add_fields = ("project", "user", "role")
    changeable = ("role",)
    actions = ("remove",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> ProjectMember:
        return add_member(**data)

    def update(self, request: HttpRequest, row: ProjectMember, changes: dict[str, Any]) -> ProjectMember:
        return add_member(project=row.project, user=row.user, role=changes.get("role", row.role))

    @with_reason("Remove the chosen members from their projects")
    def remove(self, request: HttpRequest, row: ProjectMember, reason: str) -> None:
        remove_member(member=row, reason=reason)


@admin.register(Plan)
class PlanAdmin(ServiceAdmin):
    list_display = ("name", "project", "status", "started_at", "completed_at", "created_at")
    list_select_related = ("project",)
    list_filter = ("status", "is_template", reference_filter("project_id", "project", word="project__key"))
    search_fields = ("^name", "=project__key")
    autocomplete_fields = ("project",)
    fields = (
        "project",
        "name",
        "goal",
        "status",
        "is_template",
        "prd_url",
        "plan_url",
        "metadata",
        "started_at",
        "completed_at",
        "created_at",
        "updated_at",
    )
    add_fields = ("project", "name", "goal", "is_template", "prd_url", "plan_url", "metadata")
    changeable = ("name", "goal", "is_template", "prd_url", "plan_url", "metadata")
    actions = ("cancel",)
    panels: ClassVar[Any] = (Panel(Phase, "plan_id", ("number", "name", "status", "started_at", "completed_at")),)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Plan:
        return create_plan(**data)

    def update(self, request: HttpRequest, row: Plan, changes: dict[str, Any]) -> Plan:
        return update_plan(plan=row, **changes)

    @with_reason("Cancel the chosen plans with their phases")
    def cancel(self, request: HttpRequest, row: Plan, reason: str) -> None:
        cancel_plan(plan=row, reason=reason)
