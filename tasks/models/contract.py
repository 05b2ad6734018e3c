"""When a task is done: criteria that evidence must meet."""

from django.db import models

from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of
from evidence.models import Evidence, Grade
from tasks.models.task import Task
from tasks.querysets import AcceptanceContractQuerySet, CriterionQuerySet, EvaluationQuerySet


class AcceptanceContract(TenantModel):
    """The criteria of one task. Without one, a task closes on its agent's word."""

    task = TenantForeignKey(Task, models.CASCADE, db_index=False, related_name="contracts")

    objects = AcceptanceContractQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "task"], name="tasks_acceptancecontract_once"),)

    def __str__(self) -> str:
        return f"contract of {self.task_id}"


class CriterionKind(models.TextChoices):
    CI_CHECK = "ci_check", "CI check"
    COMMAND_EXIT = "command_exit", "Command exits with"
    FILE_DIGEST = "file_digest", "File digest"
    HUMAN_SIGNOFF = "human_signoff", "Signed off by a person"
    REVIEWER_AGENT = "reviewer_agent", "Approved by another agent"
    URL_PROBE = "url_probe", "URL answers"


class Criterion(TenantModel):
    """One thing that must hold, and how well it must be shown."""

    contract = TenantForeignKey(AcceptanceContract, models.CASCADE, db_index=False, related_name="criteria")
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=CriterionKind.choices)
    title = models.CharField(max_length=500)
    parameters = models.JSONField(default=dict)
    minimum_grade = models.CharField(max_length=20, choices=Grade.choices, default=Grade.RUNNER_REPORTED)
    fresh_for_seconds = models.PositiveIntegerField(null=True, help_text="How old the evidence may be; empty: any age.")

    objects = CriterionQuerySet.as_manager()

    class Meta:
        ordering = ("ordinal",)
        verbose_name_plural = "criteria"
        constraints = (
            one_of("kind", CriterionKind, name="tasks_criterion_kind"),
            one_of("minimum_grade", Grade, name="tasks_criterion_minimum_grade"),
            models.UniqueConstraint(fields=["tenant", "contract", "ordinal"], name="tasks_criterion_ordinal"),
        )

    def __str__(self) -> str:
        return self.title


class Evaluation(TenantRow):
    """What a criterion was found to be, on which evidence. Appended when the finding changes; the last one counts."""

    criterion = TenantForeignKey(Criterion, models.CASCADE, db_index=False, related_name="evaluations")
    evidence = TenantForeignKey(Evidence, null=True, related_name="evaluations")
    is_met = models.BooleanField()
    reason = models.TextField()

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            # a met criterion names what met it
            models.CheckConstraint(
                condition=models.Q(is_met=False) | models.Q(evidence__isnull=False), name="tasks_evaluation_met_by"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the last finding of a criterion (task page, the closing trigger)",
                fields=["tenant", "criterion", "-id"],
                name="tasks_evaluation_last",
            ),
        )

    def __str__(self) -> str:
        return f"{'met' if self.is_met else 'not met'}: {self.reason}"
