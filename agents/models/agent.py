"""Who does the work."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from accounts.models import User
from agents.models.checks import JsonMatches, JsonType, at_least, within
from agents.models.providers import ModelProvider, QuotaPool
from agents.querysets import AgentQuerySet
from common.models import IN_USE, GinQueryIndex, InUse, QueryIndex, SoftDeleteModel, TenantForeignKey, one_of

CAPABILITY_LENGTH = 100


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


# What the database refuses as the value of a capability; in a list, anything but text.
ODD_CAPABILITY = (
    'strict $.* ? (@.type() == "string" || @.type() == "number" || @.type() == "null" || @ == false'
    ' || (@.type() == "array" && exists(@[*] ? (@.type() != "string"))))'
)


def validate_capabilities(value: Any) -> None:
    """Raise `ValidationError` unless it is an object of `true`, lists of strings or objects."""
    if not isinstance(value, dict):
        raise ValidationError("Capabilities are an object: a name for each.", code="capabilities")
    for name, detail in value.items():
        if not isinstance(name, str) or not 1 <= len(name) <= CAPABILITY_LENGTH:
            raise ValidationError(
                f"The name of a capability has 1 to {CAPABILITY_LENGTH} characters.", code="capabilities"
            )
        listed = isinstance(detail, list) and all(isinstance(item, str) for item in detail)
        if detail is not True and not listed and not isinstance(detail, dict):
            raise ValidationError(f"{name} is neither true, a list of strings nor an object.", code="capabilities")


class Agent(SoftDeleteModel):
    """A worker with an owner: it sees what its owner sees and acts on the owner's behalf, never with more."""

    name = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255, blank=True)
    description = models.TextField(default="", blank=True)
    agent_type = models.CharField(max_length=20, choices=AgentType.choices)
    runtime = models.CharField(max_length=10, choices=Runtime.choices, default=Runtime.PULL)
    owner = TenantForeignKey(User, related_name="agents")
    created_by = TenantForeignKey(User, null=True, blank=True, editable=False, related_name="+")
    version = models.CharField(max_length=20, default="1.0.0")
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    # Which model thinks, and how. A pull worker need not say: NULL is "not told".
    model_provider = models.CharField(max_length=20, choices=ModelProvider.choices, null=True, blank=True)  # noqa: DJ001
    model_name = models.CharField(max_length=255, default="", blank=True)
    model_version = models.CharField(max_length=100, default="", blank=True)
    max_tokens = models.PositiveIntegerField(default=4096)
    temperature = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.70"))
    top_p = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.90"))

    capabilities = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_capabilities],
        help_text='For example {"pytest": {"version": "9"}}.',
    )
    configuration = models.JSONField(default=dict, blank=True)
    required_tools = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    max_concurrent = models.PositiveSmallIntegerField(default=10, help_text="Attempts it may run at the same time.")
    quota_pool = TenantForeignKey(QuotaPool, null=True, blank=True, related_name="agents")

    is_active = models.BooleanField(default=True)
    is_experimental = models.BooleanField(default=False)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, editable=False)

    # Sums, so that one UPDATE with F() derives rate and average exactly; nobody types them.
    total_executions = models.PositiveBigIntegerField(default=0, editable=False)
    successful_executions = models.PositiveBigIntegerField(default=0, editable=False)
    total_execution_time_ms = models.PositiveBigIntegerField(default=0, editable=False)
    success_rate = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0), editable=False)
    avg_execution_time_ms = models.PositiveIntegerField(default=0, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = InUse.from_queryset(AgentQuerySet)()
    all_objects = AgentQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        ordering = ("name",)
        constraints = (
            one_of("agent_type", AgentType, name="agents_agent_type"),
            one_of("runtime", Runtime, name="agents_agent_runtime"),
            one_of("model_provider", ModelProvider, name="agents_agent_model_provider"),
            models.UniqueConstraint("tenant", Lower("name"), condition=IN_USE, name="agents_agent_name"),
            at_least("max_tokens", 1, name="agents_agent_max_tokens"),
            at_least("max_concurrent", 1, name="agents_agent_max_concurrent"),
            within("temperature", 0, 2, name="agents_agent_temperature"),
            within("top_p", 0, 1, name="agents_agent_top_p"),
            within("success_rate", 0, 100, name="agents_agent_success_rate"),
            models.CheckConstraint(
                condition=Q(successful_executions__lte=F("total_executions")), name="agents_agent_successful_of_total"
            ),
            models.CheckConstraint(
                condition=Exact(JsonType("capabilities"), "object"), name="agents_agent_capabilities_object"
            ),
            models.CheckConstraint(
                condition=Exact(JsonMatches("capabilities", ODD_CAPABILITY), False),
                name="agents_agent_capabilities_values",
            ),
        )
        indexes = (
            QueryIndex(
                serves="agents of one type, newest first (list filter, and the router that picks one of a type)",
                fields=["tenant", "agent_type", "-id"],
                name="agents_agent_by_type",
            ),
            QueryIndex(
                serves="active or suspended agents, newest first (list filter)",
                fields=["tenant", "is_active", "-id"],
                name="agents_agent_by_active",
            ),
            QueryIndex(
                serves="agents of one model provider, newest first (list filter)",
                fields=["tenant", "model_provider", "-id"],
                name="agents_agent_by_provider",
            ),
            QueryIndex(
                serves="agents registered in a period (list filter, reports)",
                fields=["tenant", "created_at"],
                name="agents_agent_created",
            ),
            GinQueryIndex(serves="agents that carry a tag (list filter)", fields=["tags"], name="agents_agent_tags"),
            GinQueryIndex(
                serves="agents that have a capability (list filter, router)",
                fields=["capabilities"],
                name="agents_agent_capabilities",
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.name

    @property
    def capability_names(self) -> list[str]:
        """What its work may require: its capabilities, and its type."""
        return sorted({*self.capabilities, self.agent_type})
