"""What work may use up, and what running work has reserved of it."""

from datetime import UTC
from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from agents.models.agent import Agent
from agents.models.checks import at_least, more_than, scoped, together
from agents.querysets import BudgetHoldQuerySet, BudgetQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models import Project


class BudgetScope(models.TextChoices):
    TENANT = "tenant", "Tenant"
    PROJECT = "project", "Project"
    AGENT = "agent", "Agent"
    TASK = "task", "Task"


class BudgetUnit(models.TextChoices):
    USD = "usd", "US dollars"
    TOKENS = "tokens", "Tokens"
    RUNS = "runs", "Runs"
    SECONDS = "seconds", "Seconds"


class BudgetPeriod(models.TextChoices):
    RUN = "run", "Per run"
    DAY = "day", "Per day"
    MONTH = "month", "Per month"
    TOTAL = "total", "In all"


class Budget(TenantModel):
    """A limit in a tree: what a task uses counts against its agent, its project and the tenant too.

    A task's budget names its project as well, so that its readers are known here; tasks live above (plain id, their
    migration adds the composite foreign key). `spent` and `held` are of the period that began at `period_start`.
    """

    scope = models.CharField(max_length=10, choices=BudgetScope.choices)
    project = TenantForeignKey(Project, null=True, blank=True, related_name="budgets")
    agent = TenantForeignKey(Agent, null=True, blank=True, related_name="budgets")
    task_id = models.UUIDField(null=True, blank=True, editable=False)
    parent = TenantForeignKey("self", null=True, blank=True, related_name="children")

    unit = models.CharField(max_length=10, choices=BudgetUnit.choices)
    period = models.CharField(max_length=10, choices=BudgetPeriod.choices)
    limit_amount = models.DecimalField(max_digits=18, decimal_places=6)
    warn_at = models.PositiveSmallIntegerField(default=80, help_text="Percent of the limit at which people are told.")
    ask_at = models.PositiveSmallIntegerField(default=90, help_text="Percent at which a person is asked.")
    stop_at = models.PositiveSmallIntegerField(default=100, help_text="Percent at which work stops.")
    emergency_stop_enabled = models.BooleanField(
        default=False, help_text="Reaching the end also stops everything in the scope, until a person lets go on."
    )
    is_active = models.BooleanField(default=True)

    spent = models.DecimalField(max_digits=18, decimal_places=6, default=Decimal(0), editable=False)
    held = models.DecimalField(max_digits=18, decimal_places=6, default=Decimal(0), editable=False)
    period_start = models.DateTimeField(default=timezone.now, editable=False)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("scope", BudgetScope, name="agents_budget_scope"),
            one_of("unit", BudgetUnit, name="agents_budget_unit"),
            one_of("period", BudgetPeriod, name="agents_budget_period"),
            scoped(
                {
                    BudgetScope.TENANT: (set(), {"project", "agent", "task_id"}),
                    BudgetScope.PROJECT: ({"project"}, {"agent", "task_id"}),
                    BudgetScope.AGENT: ({"agent"}, {"project", "task_id"}),
                    BudgetScope.TASK: ({"project", "task_id"}, {"agent"}),
                },
                name="agents_budget_scope_columns",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="agents_budget_not_its_own_parent"
            ),
            more_than("limit_amount", 0, name="agents_budget_limit"),
            models.CheckConstraint(
                condition=Q(warn_at__gt=0, warn_at__lte=F("ask_at"), ask_at__lte=F("stop_at"), stop_at__lte=100),
                name="agents_budget_steps",
            ),
            at_least("spent", 0, name="agents_budget_spent"),
            at_least("held", 0, name="agents_budget_held"),
            models.UniqueConstraint(
                fields=["tenant", "scope", "project", "agent", "task_id", "unit", "period"],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="agents_budget_one_active",
            ),
        )
        indexes = (
            QueryIndex(serves="the budgets of one task", fields=["tenant", "task_id"], name="agents_budget_task"),
            QueryIndex(
                serves="the budgets of one scope, newest first (list filter)",
                fields=["tenant", "scope", "-id"],
                name="agents_budget_by_scope",
            ),
        )

    def __str__(self) -> str:
        return f"{self.limit_amount.normalize():f} {self.unit} {self.get_period_display().lower()} ({self.scope})"

    @property
    def cap(self) -> Decimal:
        """What may be spent and held in all."""
        return self.limit_amount * self.stop_at / 100

    @property
    def is_stale(self) -> bool:
        """Whether the period in which `spent` was spent is over; the next write rolls it."""
        now = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        starts = {BudgetPeriod.DAY: now, BudgetPeriod.MONTH: now.replace(day=1)}
        return self.period in starts and self.period_start < starts[BudgetPeriod(self.period)]

    @property
    def spent_now(self) -> Decimal:
        """What this period has spent."""
        return Decimal(0) if self.is_stale else self.spent

    @property
    def remaining(self) -> Decimal:
        """What may still be reserved; never below zero, though a run may report more than it had reserved."""
        return max(self.cap - self.spent_now - self.held, Decimal(0))

    def counts(self, *, project: UUID, agent: UUID, task: UUID) -> bool:
        """Whether a run of this agent at this task counts against it (`BudgetQuerySet.over`, of a row in hand)."""
        own = {
            BudgetScope.PROJECT: self.project_id == project,
            BudgetScope.AGENT: self.agent_id == agent,
            BudgetScope.TASK: self.task_id == task,
        }
        return own.get(BudgetScope(self.scope), True)


class BudgetHold(TenantModel):
    """What one attempt has reserved of a budget, until it is settled with what was used.

    Attempts live above: `execution_id` is a plain id, their migration adds the composite foreign key.
    """

    budget = TenantForeignKey(Budget, related_name="holds", db_index=False)
    execution_id = models.UUIDField(editable=False)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    used = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=Decimal(0),
        editable=False,
        help_text="What the attempt has spent of it.",
    )
    expires_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, editable=False)
    settled_amount = models.DecimalField(max_digits=18, decimal_places=6, null=True, editable=False)

    objects = BudgetHoldQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            at_least("amount", 0, name="agents_budgethold_amount"),
            models.CheckConstraint(
                condition=Q(used__gte=0, used__lte=F("amount")), name="agents_budgethold_used_of_amount"
            ),
            at_least("settled_amount", 0, name="agents_budgethold_settled"),
            together(
                Q(released_at__isnull=False), Q(settled_amount__isnull=False), name="agents_budgethold_released_settled"
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "execution_id"],
                condition=Q(released_at__isnull=True),
                name="agents_budgethold_one_live",
            ),
        )
        indexes = (
            QueryIndex(
                serves="one budget's holds, newest first", fields=["tenant", "budget", "-id"], name="agents_hold_budget"
            ),
            QueryIndex(
                serves="the holds of one attempt (to settle them when it ends)",
                fields=["tenant", "execution_id"],
                name="agents_hold_execution",
            ),
            QueryIndex(
                serves="the sweep: holds that nobody settled in time",
                fields=["expires_at"],
                condition=Q(released_at__isnull=True),
                name="agents_hold_expired",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} for {self.execution_id}"
