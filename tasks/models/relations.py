"""What a task waits for, and who works on it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models import Project, TaskGroup
from tasks.models.checks import exactly_one
from tasks.models.task import Task
from tasks.querysets import AssignmentQuerySet, TaskDependencyQuerySet


class DependencyKind(models.TextChoices):
    BLOCKS = "blocks", "Must be done first"
    RELATES = "relates", "Is related"


class TaskDependency(TenantModel):
    """`task` waits for `depends_on` (or has to do with it). `Task.waiting_on` counts the blocking ones that are unmet.

    The service keeps the graph acyclic, under a lock of the project.
    """

    task = TenantForeignKey(Task, models.CASCADE, db_index=False, related_name="dependencies")
    depends_on = TenantForeignKey(Task, db_index=False, related_name="dependents")
    kind = models.CharField(max_length=10, choices=DependencyKind.choices, default=DependencyKind.BLOCKS)
    reason = models.CharField(max_length=500, default="", blank=True)
    satisfied_at = models.DateTimeField(null=True, editable=False)

    objects = TaskDependencyQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "task dependencies"
        constraints = (
            one_of("kind", DependencyKind, name="tasks_taskdependency_kind"),
            models.CheckConstraint(condition=~Q(task=F("depends_on")), name="tasks_taskdependency_not_itself"),
            models.CheckConstraint(
                condition=Q(kind="blocks") | Q(satisfied_at__isnull=True), name="tasks_taskdependency_satisfied"
            ),
            models.UniqueConstraint(fields=["tenant", "task", "depends_on"], name="tasks_taskdependency_once"),
        )
        indexes = (
            QueryIndex(
                serves="the tasks that wait for one that has just closed",
                fields=["tenant", "depends_on", "kind"],
                name="tasks_taskdependency_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind} {self.depends_on_id}"


class AssignmentRole(models.TextChoices):
    PRIMARY = "primary", "Does it"
    BACKUP = "backup", "Steps in"
    REVIEWER = "reviewer", "Reviews it"
    VALIDATOR = "validator", "Validates it"
    APPROVER = "approver", "Approves it"


class Assignment(TenantModel):
    """A person or an agent for a task or a whole group. `scope` narrows a group to some of its tasks, by code."""

    project = TenantForeignKey(Project, editable=False, db_index=False, related_name="assignments")
    task = TenantForeignKey(Task, models.CASCADE, null=True, db_index=False, related_name="assignments")
    group = TenantForeignKey(TaskGroup, models.CASCADE, null=True, db_index=False, related_name="assignments")
    user = TenantForeignKey(User, null=True, db_index=False, related_name="assignments")
    agent = TenantForeignKey(Agent, null=True, db_index=False, related_name="assignments")
    role = models.CharField(max_length=10, choices=AssignmentRole.choices)
    scope = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    condition = models.CharField(max_length=500, default="", blank=True)
    rationale = models.TextField(default="", blank=True)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            one_of("role", AssignmentRole, name="tasks_assignment_role"),
            exactly_one("task", "group", name="tasks_assignment_target"),
            exactly_one("user", "agent", name="tasks_assignment_assignee"),
            models.UniqueConstraint(
                fields=["tenant", "task", "group", "role", "user", "agent"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="tasks_assignment_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="who works, or worked, on a task",
                fields=["tenant", "task", "id"],
                condition=Q(task__isnull=False),
                name="tasks_assignment_task",
            ),
            QueryIndex(
                serves="who works on a group (its page, separation of duties at its gate)",
                fields=["tenant", "group", "role"],
                condition=Q(group__isnull=False),
                name="tasks_assignment_group",
            ),
            QueryIndex(
                serves="what a person is assigned to",
                fields=["tenant", "user", "ended_at"],
                condition=Q(user__isnull=False),
                name="tasks_assignment_user",
            ),
            QueryIndex(
                serves="what an agent is assigned to",
                fields=["tenant", "agent", "ended_at"],
                condition=Q(agent__isnull=False),
                name="tasks_assignment_agent",
            ),
            QueryIndex(
                serves="the assignments of one project",
                fields=["tenant", "project", "-id"],
                name="tasks_assignment_project",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.user_id or self.agent_id}"
