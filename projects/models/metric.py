"""What a phase is measured by."""

from django.db import models
from django.db.models.functions import Lower

from common.models import TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, is_set
from projects.models.plan import Phase
from projects.querysets import SuccessMetricQuerySet


class MetricKind(models.TextChoices):
    COMMITS = "commits", "Commits"
    REVIEW_CYCLES = "review_cycles", "Review cycles"
    ISSUES_DOCUMENTED = "issues_documented", "Issues documented"
    TIME_PER_GROUP = "time_per_group", "Time per group"
    PATTERNS_PRESERVED = "patterns_preserved", "Patterns preserved"
    TOKEN_SAVING = "token_saving", "Token saving"
    CUSTOM = "custom", "Custom"


class Operator(models.TextChoices):
    EQ = "eq", "="
    LTE = "lte", "≤"
    GTE = "gte", "≥"
    BETWEEN = "between", "between"


class SuccessMetric(TenantModel):
    """A target. The actual value is derived; `measured` is what it was when the phase was completed."""

    phase = TenantForeignKey(Phase, models.CASCADE, db_index=False, related_name="metrics")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, choices=MetricKind.choices, default=MetricKind.CUSTOM)
    operator = models.CharField(max_length=10, choices=Operator.choices, default=Operator.GTE)
    target = models.DecimalField(max_digits=14, decimal_places=4)
    target_max = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=50, default="", blank=True)
    measured = models.DecimalField(max_digits=14, decimal_places=4, null=True, editable=False)
    measured_at = models.DateTimeField(null=True, editable=False)

    objects = SuccessMetricQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            one_of("kind", MetricKind, name="projects_successmetric_kind"),
            one_of("operator", Operator, name="projects_successmetric_operator"),
            models.CheckConstraint(
                condition=equivalent(models.Q(operator=Operator.BETWEEN), is_set("target_max")),
                name="projects_successmetric_between",
            ),
            models.CheckConstraint(
                condition=models.Q(target_max__gte=models.F("target")), name="projects_successmetric_range"
            ),
            models.CheckConstraint(
                condition=equivalent(is_set("measured"), is_set("measured_at")), name="projects_successmetric_measured"
            ),
            models.UniqueConstraint("tenant", "phase", Lower("name"), name="projects_successmetric_name"),
        )

    def __str__(self) -> str:
        return self.name
