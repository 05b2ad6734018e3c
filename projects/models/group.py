"""Groups of tasks within a phase. Their order follows from their dependencies, not from labels."""

from django.db import models
from django.db.models.functions import Lower

from common.models import QueryIndex, TenantForeignKey, TenantModel
from projects.models.plan import Phase
from projects.querysets import TaskGroupDependencyQuerySet, TaskGroupQuerySet


class TaskGroup(TenantModel):
    """Tasks that are done, reviewed and gated together.

    `label` is what people call it ("Day 5"), `calendar_label` when it was meant to be; `sequence` orders lists among
    groups that do not depend on each other, and those with the same `parallel_key` run side by side.
    """

    phase = TenantForeignKey(Phase, models.CASCADE, db_index=False, related_name="groups")
    name = models.CharField(max_length=255)
    label = models.CharField(max_length=100, default="", blank=True)
    calendar_label = models.CharField(max_length=100, default="", blank=True)
    sequence = models.PositiveSmallIntegerField(default=0)
    parallel_key = models.CharField(max_length=100, default="", blank=True)
    rationale = models.TextField(default="", blank=True)

    objects = TaskGroupQuerySet.as_manager()

    class Meta:
        ordering = ("phase", "sequence", "id")
        constraints = (models.UniqueConstraint("tenant", "phase", Lower("name"), name="projects_taskgroup_name"),)
        indexes = (
            QueryIndex(
                serves="the groups of a phase in order",
                fields=["tenant", "phase", "sequence", "id"],
                name="projects_taskgroup_order",
            ),
        )

    def __str__(self) -> str:
        return self.name


class TaskGroupDependency(TenantModel):
    """`group` waits for `depends_on`. Services refuse a cycle, under a lock per project."""

    group = TenantForeignKey(TaskGroup, models.CASCADE, db_index=False, related_name="dependencies")
    depends_on = TenantForeignKey(TaskGroup, models.CASCADE, related_name="dependents")
    reason = models.TextField(default="", blank=True)

    objects = TaskGroupDependencyQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "task group dependencies"
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(group=models.F("depends_on")), name="projects_taskgroupdependency_not_itself"
            ),
            models.UniqueConstraint(fields=["tenant", "group", "depends_on"], name="projects_taskgroupdependency_once"),
        )

    def __str__(self) -> str:
        return f"{self.group} after {self.depends_on}"
