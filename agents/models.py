"""Who does the work."""

from django.db import models
from django.db.models.functions import Lower

from accounts.models import User
from agents.querysets import AgentQuerySet
from common.models import TenantForeignKey, TenantModel, one_of


class AgentType(models.TextChoices):
    ORCHESTRATOR = "orchestrator", "Orchestrator"
    ARCHITECT = "architect", "Architect"
    PLANNER = "planner", "Planner"
    CODEGEN = "codegen", "Code generation"
    REVIEWER = "reviewer", "Reviewer"
    TESTER = "tester", "Tester"
    DEPLOYER = "deployer", "Deployer"
    SECURITY = "security", "Security"
    DEBUGGER = "debugger", "Debugger"
    DOCUMENTATION = "documentation", "Documentation"
    REFACTORING = "refactoring", "Refactoring"
    OPTIMIZATION = "optimization", "Optimisation"
    INFRASTRUCTURE = "infrastructure", "Infrastructure"
    ANALYTICS = "analytics", "Analytics"
    ANALYST = "analyst", "Analyst"
    CUSTOM = "custom", "Custom"


class Runtime(models.TextChoices):
    PULL = "pull", "Pull (a worker on any host)"
    LLM = "llm", "Language model"
    COMMAND = "command", "Command"
    WEBHOOK = "webhook", "Webhook"


class Agent(TenantModel):
    """A worker with an owner: it sees what its owner sees and acts on the owner's behalf, never with more."""

    name = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255, blank=True)
    description = models.TextField(default="", blank=True)
    agent_type = models.CharField(max_length=20, choices=AgentType.choices)
    runtime = models.CharField(max_length=10, choices=Runtime.choices, default=Runtime.PULL)
    owner = TenantForeignKey(User, related_name="agents")
    capabilities = models.JSONField(default=dict, blank=True, help_text='For example {"pytest": {"version": "9"}}.')
    is_active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, editable=False)

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            one_of("agent_type", AgentType, name="agents_agent_type"),
            one_of("runtime", Runtime, name="agents_agent_runtime"),
            models.UniqueConstraint("tenant", Lower("name"), name="agents_agent_name"),
        )

    def __str__(self) -> str:
        return self.display_name or self.name

    @property
    def capability_names(self) -> list[str]:
        return sorted(self.capabilities)
