"""Projects and who belongs to them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from common.models import IN_USE, InUse, QueryIndex, SoftDeleteModel, TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, implies, is_set, percentage
from projects.querysets import ProjectMemberQuerySet, ProjectQuerySet


class ProjectStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    ARCHIVED = "archived", "Archived"
    DELETED = "deleted", "Deleted"


class RepositoryProvider(models.TextChoices):
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    BITBUCKET = "bitbucket", "Bitbucket"


class OversightLevel(models.TextChoices):
    """How often people are asked."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


def computed_percentage() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=5, decimal_places=2, null=True, editable=False)


class Project(SoftDeleteModel):
    """A repository and the work on it. `key` begins its tasks' short names (CM-12)."""

    key = models.CharField(max_length=10, validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$")])
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255, db_index=False)
    description = models.TextField(default="", blank=True)
    # Nullable for projects older than the column; the service always sets it.
    owner = TenantForeignKey(User, null=True, db_index=False, related_name="owned_projects")

    repository_url = models.CharField(max_length=500, default="", blank=True)
    repository_provider = models.CharField(max_length=20, choices=RepositoryProvider.choices, null=True, blank=True)  # noqa: DJ001  # no provider is no literal
    repository_owner = models.CharField(max_length=255, default="", db_default="", blank=True)
    repository_name = models.CharField(max_length=255, default="", db_default="", blank=True)
    default_branch = models.CharField(max_length=100, default="main")

    config = models.JSONField(default=dict, db_default={}, blank=True)
    technology_stack = ArrayField(models.CharField(max_length=100), default=list, db_default=[], blank=True)
    metadata = models.JSONField(default=dict, db_default={}, blank=True)
    status = models.CharField(max_length=20, choices=ProjectStatus.choices, default=ProjectStatus.ACTIVE)
    is_public = models.BooleanField(default=False, db_default=False)
    is_template = models.BooleanField(default=False, db_default=False)
    oversight_level = models.CharField(
        max_length=10, choices=OversightLevel.choices, default=OversightLevel.MEDIUM, db_default=OversightLevel.MEDIUM
    )
    hitl_config = models.JSONField(default=dict, db_default={}, blank=True)

    # Computed from what happened, never typed.
    average_review_time_minutes = models.PositiveIntegerField(null=True, editable=False)
    average_merge_time_minutes = models.PositiveIntegerField(null=True, editable=False)
    pr_merge_rate = computed_percentage()
    test_coverage_percent = computed_percentage()
    last_activity_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    last_task_number = models.PositiveIntegerField(default=0, editable=False)

    objects = InUse.from_queryset(ProjectQuerySet)()
    all_objects = ProjectQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        ordering = ("name",)
        constraints = (
            one_of("status", ProjectStatus, name="projects_project_status"),
            one_of("repository_provider", RepositoryProvider, name="projects_project_repository_provider"),
            one_of("oversight_level", OversightLevel, name="projects_project_oversight_level"),
            percentage("pr_merge_rate", name="projects_project_pr_merge_rate"),
            percentage("test_coverage_percent", name="projects_project_test_coverage_percent"),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=ProjectStatus.ARCHIVED), is_set("archived_at")),
                name="projects_project_archived",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=ProjectStatus.DELETED), is_set("deleted_at")),
                name="projects_project_deleted",
            ),
            # An archived project keeps the time of its completion.
            models.CheckConstraint(
                condition=implies(models.Q(status=ProjectStatus.COMPLETED), is_set("completed_at")),
                name="projects_project_completed",
            ),
            models.UniqueConstraint("tenant", Lower("slug"), condition=IN_USE, name="projects_project_slug"),
            models.UniqueConstraint("tenant", "key", condition=IN_USE, name="projects_project_key"),
        )
        indexes = (
            QueryIndex(
                serves="the projects of one owner, by status",
                fields=["tenant", "owner", "status"],
                name="projects_project_of_owner",
            ),
            QueryIndex(
                serves="projects of one status, newest first",
                fields=["tenant", "status", "-id"],
                name="projects_project_by_status",
            ),
            QueryIndex(
                serves="the list of projects ordered by creation",
                fields=["tenant", "-created_at", "-id"],
                name="projects_project_newest",
            ),
            QueryIndex(
                serves="the list of projects ordered by name",
                fields=["tenant", "name", "id"],
                name="projects_project_name",
            ),
            QueryIndex(
                serves="the project of an address: lower(), which its unique key has, is hidden by row security",
                fields=["tenant", "slug"],
                name="projects_project_of_slug",
            ),
            QueryIndex(
                serves="the project a repository's webhook speaks of",
                fields=["tenant", "repository_url"],
                name="projects_project_repository",
            ),
            QueryIndex(
                serves="public projects, newest first",
                fields=["tenant", "-id"],
                condition=models.Q(is_public=True),
                name="projects_project_public",
            ),
            QueryIndex(
                serves="templates for a new project",
                fields=["tenant", "name"],
                condition=models.Q(is_template=True),
                name="projects_project_template",
            ),
            QueryIndex(
                serves="the projects that something happened in last",
                fields=["tenant", "-last_activity_at"],
                name="projects_project_activity",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ProjectRole(models.TextChoices):
    OWNER = "owner", "Owner"
    MAINTAINER = "maintainer", "Maintainer"
    CONTRIBUTOR = "contributor", "Contributor"
    VIEWER = "viewer", "Viewer"


class ProjectMember(TenantModel):
    """A person's role in one project; the platform role is another thing."""

    project = TenantForeignKey(Project, models.CASCADE, db_index=False, related_name="members")
    user = TenantForeignKey(User, models.CASCADE, db_index=False, related_name="memberships")
    role = models.CharField(max_length=20, choices=ProjectRole.choices, default=ProjectRole.CONTRIBUTOR)

    objects = ProjectMemberQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            one_of("role", ProjectRole, name="projects_projectmember_role"),
            models.UniqueConstraint(fields=["tenant", "project", "user"], name="projects_projectmember_once"),
        )
        indexes = (
            QueryIndex(
                serves="what one person may see: the projects they belong to",
                fields=["tenant", "user", "project"],
                name="projects_member_of_user",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"
