"""What an agent is doing."""

from django.db import models
from django.db.models import F, Q

from agents.models.agent import Agent
from agents.models.checks import implies
from agents.querysets import AgentStatusHistoryQuerySet, AgentStatusQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow, one_of


class AgentState(models.TextChoices):
    IDLE = "idle", "Idle"
    WORKING = "working", "Working"
    WAITING_FOR_HITL = "waiting_for_hitl", "Waits for a person"
    ERROR = "error", "Error"
    OFFLINE = "offline", "Offline"


class AgentStatus(TenantModel):
    """What one agent is doing now: one row per agent, made when it is first heard of.

    Attempts live above: `current_execution_id` is a plain id, their migration adds the composite foreign key.
    """

    agent = TenantForeignKey(Agent, models.CASCADE, related_name="statuses", db_index=False)
    status = models.CharField(max_length=20, choices=AgentState.choices, default=AgentState.OFFLINE)
    current_execution_id = models.UUIDField(null=True, blank=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, editable=False)
    last_heartbeat_at = models.DateTimeField(null=True, editable=False)
    error_message = models.TextField(default="", blank=True)

    objects = AgentStatusQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "agent statuses"
        constraints = (
            one_of("status", AgentState, name="agents_agentstatus_status"),
            models.UniqueConstraint(fields=["tenant", "agent"], name="agents_agentstatus_agent"),
            implies(Q(status=AgentState.ERROR), ~Q(error_message=""), name="agents_agentstatus_error_says_why"),
        )
        indexes = (
            QueryIndex(
                serves="agents in one state (list filter, counts of the overview)",
                fields=["tenant", "status", "-id"],
                name="agents_agentstatus_by_status",
            ),
            QueryIndex(
                serves="the agent that works on an attempt (when the attempt ends)",
                fields=["tenant", "current_execution_id"],
                name="agents_agentstatus_execution",
            ),
            QueryIndex(
                serves="the sweep: agents that have fallen silent",
                fields=["last_heartbeat_at"],
                condition=~Q(status=AgentState.OFFLINE),
                name="agents_agentstatus_silent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} {self.status}"


class AgentStatusHistory(TenantRow):
    """A change of an agent's status. `previous` is NULL for the first."""

    agent = TenantForeignKey(Agent, related_name="status_history", db_index=False)
    previous = models.CharField(max_length=20, choices=AgentState.choices, null=True)  # noqa: DJ001
    status = models.CharField(max_length=20, choices=AgentState.choices)
    reason = models.TextField(default="", blank=True)
    execution_id = models.UUIDField(null=True, blank=True, editable=False)

    objects = AgentStatusHistoryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "agent status history"
        constraints = (
            one_of("previous", AgentState, name="agents_agentstatushistory_previous"),
            one_of("status", AgentState, name="agents_agentstatushistory_status"),
            models.CheckConstraint(
                condition=Q(previous__isnull=True) | ~Q(previous=F("status")), name="agents_agentstatushistory_changes"
            ),
        )
        indexes = (
            QueryIndex(
                serves="one agent's changes of status, newest first",
                fields=["tenant", "agent", "-id"],
                name="agents_statushistory_agent",
            ),
            QueryIndex(
                serves="the changes of status that one attempt caused",
                fields=["tenant", "execution_id"],
                name="agents_statushistory_execution",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} {self.previous or 'new'} → {self.status}"
