"""Projects, who belongs to them, and what they plan."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from common.models import TenantForeignKey, TenantModel, one_of
from projects.querysets import PlanQuerySet, ProjectMemberQuerySet, ProjectQuerySet


class ProjectStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    ARCHIVED = "archived", "Archived"
    DELETED = "deleted", "Deleted"


class Project(TenantModel):
    """A repository and the work on it. `key` begins its tasks' short names (CM-12)."""

    key = models.CharField(max_length=10, validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$")])
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255)
    description = models.TextField(default="", blank=True)
    repository_url = models.CharField(max_length=500, default="", blank=True)
    default_branch = models.CharField(max_length=100, default="main")
    status = models.CharField(max_length=20, choices=ProjectStatus.choices, default=ProjectStatus.ACTIVE)

    last_task_number = models.PositiveIntegerField(default=0, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            one_of("status", ProjectStatus, name="projects_project_status"),
            models.UniqueConstraint("tenant", Lower("slug"), name="projects_project_slug"),
            models.UniqueConstraint("tenant", "key", name="projects_project_key"),
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

    project = TenantForeignKey(Project, models.CASCADE, related_name="members")
    user = TenantForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=ProjectRole.choices, default=ProjectRole.CONTRIBUTOR)

    objects = ProjectMemberQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            one_of("role", ProjectRole, name="projects_projectmember_role"),
            models.UniqueConstraint(fields=["tenant", "project", "user"], name="projects_projectmember_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Plan(TenantModel):
    """What a project sets out to do; tasks point at it."""

    project = TenantForeignKey(Project, models.CASCADE, related_name="plans")
    name = models.CharField(max_length=255)
    goal = models.TextField(default="", blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint("tenant", "project", Lower("name"), name="projects_plan_name"),)

    def __str__(self) -> str:
        return self.name
