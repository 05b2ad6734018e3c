"""Plans, their phases, and what a phase must reach."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, implies, is_set, not_itself
from projects.models.project import Project
from projects.querysets import PhaseQuerySet, PlanQuerySet, SuccessCriterionQuerySet

IS_LINK = r"^(https?://.*)?$"
is_link = URLValidator(schemes=["http", "https"])


class PlanStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


class Plan(TenantModel):
    """What a project sets out to do, in phases; tasks point at it."""

    project = TenantForeignKey(Project, models.CASCADE, db_index=False, related_name="plans")
    name = models.CharField(max_length=255)
    goal = models.TextField(default="", blank=True)
    status = models.CharField(
        max_length=20, choices=PlanStatus.choices, default=PlanStatus.DRAFT, db_default=PlanStatus.DRAFT
    )
    is_template = models.BooleanField(default=False, db_default=False)
    prd_url = models.CharField(max_length=500, default="", db_default="", blank=True, validators=[is_link])
    plan_url = models.CharField(max_length=500, default="", db_default="", blank=True, validators=[is_link])
    metadata = models.JSONField(default=dict, db_default={}, blank=True)
    started_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("status", PlanStatus, name="projects_plan_status"),
            # Pages print them as links.
            models.CheckConstraint(
                condition=models.Q(prd_url__regex=IS_LINK, plan_url__regex=IS_LINK), name="projects_plan_links"
            ),
            models.CheckConstraint(
                condition=implies(models.Q(status=PlanStatus.ACTIVE), is_set("started_at")),
                name="projects_plan_started",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=PlanStatus.COMPLETED), is_set("completed_at")),
                name="projects_plan_completed",
            ),
            models.UniqueConstraint("tenant", "project", Lower("name"), name="projects_plan_name"),
        )
        indexes = (
            QueryIndex(
                serves="the plans of a project by status, newest first",
                fields=["tenant", "project", "status", "-id"],
                name="projects_plan_by_status",
            ),
            QueryIndex(
                serves="plans to copy from",
                fields=["tenant", "name"],
                condition=models.Q(is_template=True),
                name="projects_plan_template",
            ),
        )

    def __str__(self) -> str:
        return self.name


class PhaseStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    IN_PROGRESS = "in_progress", "In progress"
    BLOCKED = "blocked", "Blocked"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


class SdlcPhase(models.TextChoices):
    DISCOVERY = "discovery", "Discovery"
    PLAN = "plan", "Plan"
    DESIGN = "design", "Design"
    BUILD = "build", "Build"
    VALIDATE = "validate", "Validate"
    LAUNCH = "launch", "Launch"
    CUSTOM = "custom", "Custom"


class Phase(TenantModel):
    """A stretch of a plan that ends with a final review. How much of it is done is derived from its tasks."""

    plan = TenantForeignKey(Plan, models.CASCADE, db_index=False, related_name="phases")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    goal = models.TextField(default="", blank=True)
    status = models.CharField(max_length=20, choices=PhaseStatus.choices, default=PhaseStatus.PENDING)
    sdlc_phase = models.CharField(max_length=20, choices=SdlcPhase.choices, default=SdlcPhase.CUSTOM)
    estimated_days_min = models.PositiveSmallIntegerField(null=True, blank=True)
    estimated_days_max = models.PositiveSmallIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    branch = models.CharField(max_length=255, default="", blank=True)
    # The previous phase. RESTRICT, so that a plan may still go with all of its phases.
    depends_on = TenantForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="next_phases")
    notes = models.TextField(default="", blank=True)

    objects = PhaseQuerySet.as_manager()

    class Meta:
        ordering = ("plan", "number")
        constraints = (
            one_of("status", PhaseStatus, name="projects_phase_status"),
            one_of("sdlc_phase", SdlcPhase, name="projects_phase_sdlc_phase"),
            models.CheckConstraint(
                condition=models.Q(estimated_days_max__gte=models.F("estimated_days_min")),
                name="projects_phase_estimate",
            ),
            models.CheckConstraint(
                condition=implies(
                    models.Q(status__in=[PhaseStatus.IN_PROGRESS, PhaseStatus.COMPLETED]), is_set("started_at")
                ),
                name="projects_phase_started",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=PhaseStatus.COMPLETED), is_set("completed_at")),
                name="projects_phase_completed",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_at__gte=models.F("started_at")), name="projects_phase_times"
            ),
            not_itself("depends_on", name="projects_phase_not_itself"),
            # Checked at the end of a statement, so that one UPDATE may renumber.
            models.UniqueConstraint(
                fields=["tenant", "plan", "number"],
                deferrable=models.Deferrable.IMMEDIATE,
                name="projects_phase_number",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the phases of one status, newest first",
                fields=["tenant", "status", "-id"],
                name="projects_phase_by_status",
            ),
        )

    def __str__(self) -> str:
        return f"Phase {self.number}: {self.name}"


class CriterionState(models.TextChoices):
    PENDING = "pending", "Pending"
    MET = "met", "Met"
    FAILED = "failed", "Failed"
    WAIVED = "waived", "Waived"


class SuccessCriterion(TenantModel):
    """What must be true for a phase to be completed: met (by evidence) or waived with a reason."""

    phase = TenantForeignKey(Phase, models.CASCADE, db_index=False, related_name="criteria")
    ordinal = models.PositiveSmallIntegerField()
    text = models.TextField()
    state = models.CharField(max_length=10, choices=CriterionState.choices, default=CriterionState.PENDING)
    waived_reason = models.TextField(default="", blank=True)
    # Evidence lives above: its migration adds the composite foreign key.
    evidence_id = models.UUIDField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, editable=False)
    decided_by = TenantForeignKey(User, null=True, editable=False, related_name="decided_criteria")

    objects = SuccessCriterionQuerySet.as_manager()

    class Meta:
        ordering = ("phase", "ordinal")
        verbose_name_plural = "success criteria"
        constraints = (
            one_of("state", CriterionState, name="projects_successcriterion_state"),
            models.CheckConstraint(
                condition=equivalent(models.Q(state=CriterionState.WAIVED), ~models.Q(waived_reason="")),
                name="projects_successcriterion_waived",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(state=CriterionState.MET), is_set("met_at")),
                name="projects_successcriterion_met",
            ),
            models.UniqueConstraint(
                fields=["tenant", "phase", "ordinal"],
                deferrable=models.Deferrable.IMMEDIATE,
                name="projects_successcriterion_ordinal",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the criteria that one evidence supports",
                fields=["tenant", "evidence_id"],
                condition=models.Q(evidence_id__isnull=False),
                name="projects_criterion_evidence",
            ),
        )

    def __str__(self) -> str:
        return self.text
