"""Projects, their members and plans for staff."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common.admin import ServiceAdmin, with_reason
from projects.models import Plan, Project, ProjectMember
from projects.services import add_member, create_plan, create_project, remove_member, update_project


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    list_display = ("key", "name", "slug", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("=key", "^name", "^slug")
    search_help_text = "A key (CM), or the beginning of a name."
    fields = (
        "key",
        "slug",
        "name",
        "description",
        "repository_url",
        "default_branch",
        "status",
        "last_task_number",
        "created_at",
        "updated_at",
    )
    add_fields = ("key", "slug", "name", "description", "repository_url", "default_branch")
    changeable = ("name", "description", "repository_url", "default_branch", "status")

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
    list_filter = ("role",)
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
    list_display = ("name", "project", "created_at")
    list_select_related = ("project",)
    search_fields = ("^name", "=project__key")
    autocomplete_fields = ("project",)
    fields = ("project", "name", "goal", "created_at", "updated_at")
    add_fields = ("project", "name", "goal")

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Plan:
        return create_plan(**data)
