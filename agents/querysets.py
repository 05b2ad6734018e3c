"""Agents, and what is kept about them, by right.

Owners see their agents, and everybody those whose owner belongs to a project they see. What is about an agent is
visible with the agent, what is about a project with the project.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from common.context import Principal
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


def agent_seen(principal: Principal, agent: str = "") -> Q:
    """Return the condition that the caller sees the agent at the path `agent` (`"agent__"` for a reference to one)."""
    together = ProjectMember.objects.filter(project__members__user_id=principal.user_id)
    return Q(**{f"{agent}owner_id": principal.user_id}) | Q(**{f"{agent}owner__in": together.values("user")})


def project_seen(principal: Principal, project: str = "project") -> Q:
    """Return the condition that the caller sees the project that `project` points at."""
    return Q(**{f"{project}__in": Project.objects.visible_to(principal).values("id")})


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, principal: Principal) -> Self:
        """Owners see their agents, and everybody those that may work on a project they see."""
        return self if principal.sees_all_projects else self.filter(agent_seen(principal))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def able_to(self, *capabilities: str) -> Self:
        """Agents that have all of these capabilities."""
        return self.filter(capabilities__has_keys=capabilities)


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
