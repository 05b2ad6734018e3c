"""Answers about agents that are not a filter on one table."""

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, TruncDay

from agents.models import Agent, AgentState, AgentStatus, CostEntry

MOST_GROUPS = 500
GROUPS: dict[str, Any] = {"agent": F("agent_id"), "project": F("project_id"), "day": TruncDay("created_at")}


def with_state(agents: QuerySet[Agent]) -> QuerySet[Any, Any]:
    """Add `state`, what each agent is doing now; one that was never heard of is offline."""
    now = AgentStatus.objects.filter(agent=OuterRef("pk")).values("status")[:1]
    return agents.annotate(state=Coalesce(Subquery(now), Value(AgentState.OFFLINE.value)))


def state_of(agent: Agent) -> str:
    """Return what one agent is doing now."""
    known: str | None = getattr(agent, "state", None)
    if known:
        return known
    row = AgentStatus.objects.filter(agent_id=agent.id).first()
    return str(row.status if row else AgentState.OFFLINE)


def cost_summary(entries: QuerySet[CostEntry], group: str) -> list[dict[str, Any]]:
    """Return what the entries cost by agent, project or day (UTC), the newest or latest registered first.

    `amount_usd` is the sum of what is known, None where nothing is: an unknown cost is counted, never added as zero.
    """
    rows = (
        entries.order_by()
        .annotate(group=GROUPS[group])
        .values("group")
        .annotate(
            priced_usd=Sum("amount_usd", filter=Q(kind="priced")),
            estimated_usd=Sum("amount_usd", filter=Q(kind="estimated")),
            # after them: from here on the name is the sum's
            amount_usd=Sum("amount_usd"),
            entries=Count("id"),
            unknown_entries=Count("id", filter=Q(kind="unknown")),
            input_tokens=Sum("input_tokens"),
            output_tokens=Sum("output_tokens"),
        )
    )
    return [dict(row) for row in rows.order_by("-group")[:MOST_GROUPS]]
