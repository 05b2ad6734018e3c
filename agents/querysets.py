"""Agents, and what is kept about them, by right.

Owners see their agents, and everybody those whose owner belongs to a project they see. What is about an agent is
visible with the agent, what is about a project with the project.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When

from common.context import Principal
from common.models import ClockTimestamp, OneOf, found
from projects.models import Project, ProjectMember

if TYPE_CHECKING:
    from agents.models import (  # noqa: F401
        Agent,
        AgentKey,
        AgentStatus,
        AgentStatusHistory,
        Budget,
        BudgetHold,
        CostEntry,
        EmergencyStop,
        Price,
        PriceTable,
        QuotaPool,
    )


SMALLEST = Decimal("0.000001")


def agent_seen(principal: Principal, agent: str = "") -> Q:
    """Return the condition that the caller sees the agent at the path `agent` (`"agent__"` for a reference to one)."""
    together = ProjectMember.objects.filter(project__members__user_id=principal.user_id)
    # As an array: the rows are fetched by owner; a subquery under OR is asked for each agent of the tenant.
    return Q(**{f"{agent}owner_id": principal.user_id}) | Q(
        OneOf(f"{agent}owner_id", ArraySubquery(together.values("user_id")))
    )


def project_seen(principal: Principal, project: str = "project") -> Q:
    """Return the condition that the caller sees the project that `project` points at."""
    return Q(**{f"{project}__in": Project.objects.visible_to(principal).values("id")})


def texts(values: Sequence[str]) -> Value:
    return Value(list(values), ArrayField(models.CharField()))


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, principal: Principal) -> Self:
        """Owners see their agents, and everybody those that may work on a project they see."""
        return self if principal.sees_all_projects else self.filter(agent_seen(principal))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def able_to(self, *capabilities: str) -> Self:
        """Agents that have all of these capabilities. The search function sees the index that row security hides."""
        return self.filter(found("sec.search_agent_capabilities", texts(capabilities)))

    def tagged(self, *tags: str) -> Self:
        """Agents that carry all of these tags."""
        return self.filter(found("sec.search_agent_tags", texts(tags)))


class AgentStatusQuerySet(models.QuerySet["AgentStatus"]):
    def visible_to(self, principal: Principal) -> Self:
        return self if principal.sees_all_projects else self.filter(agent_seen(principal, "agent__"))

    def silent_since(self, moment: datetime) -> Self:
        """Agents that claim to be there and were last heard before `moment`."""
        return self.exclude(status="offline").filter(last_heartbeat_at__lt=moment)


class AgentStatusHistoryQuerySet(models.QuerySet["AgentStatusHistory"]):
    def visible_to(self, principal: Principal) -> Self:
        return self if principal.sees_all_projects else self.filter(agent_seen(principal, "agent__"))


class AgentKeyQuerySet(models.QuerySet["AgentKey"]):
    def visible_to(self, principal: Principal) -> Self:
        return self if principal.sees_all_projects else self.filter(agent_seen(principal, "agent__"))

    def valid_at(self, moment: datetime) -> Self:
        """Keys whose signature of that moment counts."""
        return self.filter(
            Q(valid_until=None) | Q(valid_until__gt=moment),
            Q(revoked_at=None) | Q(revoked_at__gt=moment),
            valid_from__lte=moment,
        )


class PriceTableQuerySet(models.QuerySet["PriceTable"]):
    def visible_to(self, principal: Principal) -> Self:
        """Price lists are no secret within the tenant."""
        return self

    def in_force_at(self, moment: datetime) -> Self:
        """The newest first; the first of a provider is the one in force."""
        return self.filter(effective_from__lte=moment).order_by("provider", "-effective_from", "-id")


class PriceQuerySet(models.QuerySet["Price"]):
    def visible_to(self, principal: Principal) -> Self:
        return self


class QuotaPoolQuerySet(models.QuerySet["QuotaPool"]):
    def visible_to(self, principal: Principal) -> Self:
        """Everybody may know why work waits."""
        return self


class PeriodStart(Func):
    """The start of the period (`day` or `month`) in which we are, by the database's clock, in UTC."""

    function = "date_trunc"
    output_field = models.DateTimeField()

    def __init__(self) -> None:
        period = Case(When(period="month", then=Value("month")), default=Value("day"))
        super().__init__(period, ClockTimestamp(), Value("UTC"))


class SmallestShare(Case):
    """The least that a reservation takes of a budget."""

    def __init__(self) -> None:
        smallest = Value(SMALLEST, output_field=models.DecimalField())
        super().__init__(When(unit="runs", then=Value(Decimal(1))), default=smallest)


class BudgetQuerySet(models.QuerySet["Budget"]):
    def visible_to(self, principal: Principal) -> Self:
        """Budgets of projects (their tasks' too) and agents one sees; the tenant's is its administrators' matter."""
        if principal.sees_all_projects:
            return self
        return self.filter(project_seen(principal) | Q(scope="agent") & agent_seen(principal, "agent__"))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def over(self, *, project: UUID, agent: UUID, task: UUID) -> Self:
        """Every active budget that a run of this agent at this task counts against."""
        return self.active().filter(
            Q(scope="tenant")
            | Q(scope="project", project_id=project)
            | Q(scope="agent", agent_id=agent)
            | Q(scope="task", task_id=task)
        )

    def with_room(self, amount: Decimal) -> Self:
        """Budgets that can hold `amount` more: the condition of every reservation, judged by the row as it is now."""
        return self.filter(spent__lte=F("limit_amount") * F("stop_at") / 100 - F("held") - amount)

    def due_to_roll(self) -> Self:
        """Budgets whose period is over."""
        return self.filter(period__in=("day", "month"), period_start__lt=PeriodStart())

    def exhausted(self) -> Self:
        """Budgets of which no attempt can reserve anything now."""
        full = Q(spent__gt=F("limit_amount") * F("stop_at") / 100 - F("held") - SmallestShare())
        current = Q(period="total") | Q(period__in=("day", "month"), period_start__gte=PeriodStart())
        return self.active().filter(current, full)


class BudgetHoldQuerySet(models.QuerySet["BudgetHold"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        mine = project_seen(principal, "budget__project")
        return self.filter(mine | Q(budget__scope="agent") & agent_seen(principal, "budget__agent__"))

    def live(self) -> Self:
        return self.filter(released_at=None)

    def of_execution(self, execution: UUID) -> Self:
        return self.filter(execution_id=execution)


class CostEntryQuerySet(models.QuerySet["CostEntry"]):
    def visible_to(self, principal: Principal) -> Self:
        return self if principal.sees_all_projects else self.filter(project_seen(principal))


class EmergencyStopQuerySet(models.QuerySet["EmergencyStop"]):
    def visible_to(self, principal: Principal) -> Self:
        """Stops of the projects and agents one sees, and those that stop everybody's."""
        if principal.sees_all_projects:
            return self
        everywhere = Q(project=None, agent=None)
        return self.filter(everywhere | project_seen(principal) | Q(scope="agent") & agent_seen(principal, "agent__"))

    def active(self) -> Self:
        return self.filter(released_at=None)

    def over(self, *, project: UUID, agent: UUID, agent_type: str) -> Self:
        """Active stops that hold this agent in this project."""
        return self.active().filter(
            Q(scope="tenant")
            | Q(scope="project", project_id=project)
            | Q(scope="agent", agent_id=agent)
            | Q(scope="agent_type", agent_type=agent_type) & (Q(project=None) | Q(project_id=project))
        )
