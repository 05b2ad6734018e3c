"""Small steps inside a task or a gate."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models import Agent
from common.models import TenantForeignKey, TenantModel
from evidence.models import Evidence
from projects.models import Gate, Project
from tasks.models.checks import exactly_one, none_of, only_one_of
from tasks.models.task import Task
from tasks.querysets import ChecklistItemQuerySet


class ChecklistItem(TenantModel):
    """One line to tick off, by whom and, where it was shown, with which evidence."""

    project = TenantForeignKey(Project, editable=False, related_name="checklist_items")
    task = TenantForeignKey(Task, models.CASCADE, null=True, db_index=False, related_name="checklist")
    gate = TenantForeignKey(Gate, models.CASCADE, null=True, related_name="checklist")
    ordinal = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    done = models.BooleanField(default=False, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    done_by_user = TenantForeignKey(User, null=True, editable=False, related_name="+")
    done_by_agent = TenantForeignKey(Agent, null=True, editable=False, related_name="+")
    evidence = TenantForeignKey(Evidence, null=True, blank=True, related_name="checklist_items")

    objects = ChecklistItemQuerySet.as_manager()

    class Meta:
        ordering = ("ordinal",)
        constraints = (
            exactly_one("task", "gate", name="tasks_checklistitem_target"),
            models.CheckConstraint(condition=~Q(text=""), name="tasks_checklistitem_text"),
            models.CheckConstraint(
                condition=Q(done=True, done_at__isnull=False) & only_one_of("done_by_user", "done_by_agent")
                | Q(done=False, done_at__isnull=True) & none_of("done_by_user", "done_by_agent"),
                name="tasks_checklistitem_done",
            ),
            # judged at the end of the transaction, so that lines can change places
            models.UniqueConstraint(
                fields=["tenant", "task", "gate", "ordinal"],
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
                name="tasks_checklistitem_ordinal",
            ),
        )

    def __str__(self) -> str:
        return self.text
