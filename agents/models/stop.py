"""Standing still, at once."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from agents.models.agent import Agent, AgentType
from agents.models.checks import implies, scoped, together
from agents.querysets import EmergencyStopQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models import Project


class StopScope(models.TextChoices):
    TENANT = "tenant", "Everything"
    PROJECT = "project", "Project"
    AGENT = "agent", "Agent"
    AGENT_TYPE = "agent_type", "Agents of one type"


class StopTrigger(models.TextChoices):
    USER = "user", "A person"
    BUDGET = "budget", "A budget"
    REPETITION = "repetition", "Repetition without progress"
    ERROR = "error", "Errors"


class EmergencyStop(TenantModel):
    """Nothing in the scope may be claimed or go on while it is active, that is until a person releases it.

    A stop of a type holds in the whole tenant, or in the project it names.
    """

    scope = models.CharField(max_length=10, choices=StopScope.choices)
    project = TenantForeignKey(Project, null=True, blank=True, related_name="emergency_stops")
    agent = TenantForeignKey(Agent, null=True, blank=True, related_name="emergency_stops")
    agent_type = models.CharField(max_length=20, choices=AgentType.choices, null=True, blank=True)  # noqa: DJ001
    reason = models.TextField()
    triggered_by = models.CharField(max_length=10, choices=StopTrigger.choices)
    created_by = TenantForeignKey(User, null=True, blank=True, editable=False, related_name="+")

    released_at = models.DateTimeField(null=True, editable=False)
    released_by = TenantForeignKey(User, null=True, blank=True, editable=False, related_name="+")
    release_reason = models.TextField(default="", blank=True, editable=False)

    objects = EmergencyStopQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("scope", StopScope, name="agents_emergencystop_scope"),
            one_of("agent_type", AgentType, name="agents_emergencystop_agent_type"),
            one_of("triggered_by", StopTrigger, name="agents_emergencystop_trigger"),
            scoped(
                {
                    StopScope.TENANT: (set(), {"project", "agent", "agent_type"}),
                    StopScope.PROJECT: ({"project"}, {"agent", "agent_type"}),
                    StopScope.AGENT: ({"agent"}, {"project", "agent_type"}),
                    StopScope.AGENT_TYPE: ({"agent_type"}, {"agent"}),
                },
                name="agents_emergencystop_scope_columns",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="agents_emergencystop_says_why"),
            implies(Q(triggered_by=StopTrigger.USER), Q(created_by__isnull=False), name="agents_emergencystop_by_whom"),
            # a person lets go on, and says why
            together(
                Q(released_at__isnull=False), Q(released_by__isnull=False), name="agents_emergencystop_released_by"
            ),
            together(Q(released_at__isnull=False), ~Q(release_reason=""), name="agents_emergencystop_released_why"),
            models.UniqueConstraint(
                fields=["tenant", "scope", "project", "agent", "agent_type"],
                condition=Q(released_at__isnull=True),
                nulls_distinct=False,
                name="agents_emergencystop_one_active",
            ),
        )
        indexes = (
            QueryIndex(
                serves="active stops, newest first (banner, list filter, every claim)",
                fields=["tenant", "-id"],
                condition=Q(released_at__isnull=True),
                name="agents_emergencystop_active",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.reason}"

    @property
    def is_active(self) -> bool:
        return self.released_at is None
