"""Agents for staff: described, suspended, stopped and limited through services; what is measured is only shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User
from accounts.queries import person
from agents.models import (
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
from agents.services import (
    create_budget,
    create_quota_pool,
    deprecate_agent,
    open_quota_pool,
    register_agent,
    release_stop,
    resume_agent,
    revoke_key,
    suspend_agent,
    trigger_stop,
    update_agent,
    update_budget,
    update_quota_pool,
)
from common.admin import MadeFilter, Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from common.context import current
from common.http import require_principal

OfAgent = reference_filter("agent", "agent", word="agent__name")
OfProject = reference_filter("project", "project", word="project__key")
# Runs are of an app above this one; the model knows them by their reference.
Execution: Any = Agent.executions.rel.related_model

DESCRIBED = (
    "display_name",
    "description",
    "version",
    "tags",
    "metadata",
    "model_provider",
    "model_name",
    "model_version",
    "max_tokens",
    "temperature",
    "top_p",
    "capabilities",
    "configuration",
    "required_tools",
    "max_concurrent",
    "quota_pool",
    "is_experimental",
)
MEASURED = (
    "is_active",
    "deprecated_at",
    "last_seen_at",
    "total_executions",
    "successful_executions",
    "success_rate",
    "avg_execution_time_ms",
    "last_used_at",
    "created_by",
    "created_at",
    "updated_at",
)


def signed_in(request: HttpRequest) -> User:
    return person(require_principal(request).user_id)


@admin.register(Agent)
class AgentAdmin(ServiceAdmin):
    list_display = ("name", "agent_type", "runtime", "owner", "is_active", "success_rate", "last_seen_at")
    list_select_related = ("owner",)
    list_filter = ("is_active", "agent_type", "runtime", "model_provider")
    search_fields = ("^name", "^display_name")
    search_help_text = "The beginning of a name."
    autocomplete_fields = ("owner", "quota_pool")
    fields: ClassVar[Any] = ("name", "agent_type", "runtime", "owner", *DESCRIBED, *MEASURED)
    add_fields = ("name", "agent_type", "runtime", "owner", *DESCRIBED)
    changeable = DESCRIBED
    actions = ("suspend", "resume", "deprecate")
    panels = (
        Panel(Execution, "agent", ("attempt", "status", "started_at", "ended_at"), "Newest runs"),
        Panel(AgentStatus, "agent", ("status", "last_heartbeat_at", "error_message"), "Status"),
        Panel(AgentStatusHistory, "agent", ("previous", "status", "reason", "created_at"), "Newest changes of status"),
        Panel(CostEntry, "agent", ("kind", "amount_usd", "input_tokens", "output_tokens", "created_at")),
        Panel(AgentKey, "agent", ("fingerprint", "valid_from", "valid_until", "revoked_at")),
    )

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Agent:
        return register_agent(created_by=signed_in(request), **data)

    def update(self, request: HttpRequest, row: Agent, changes: dict[str, Any]) -> Agent:
        return update_agent(agent=row, **changes)

    @with_reason("Suspend the chosen agents")
    def suspend(self, request: HttpRequest, row: Agent, reason: str) -> None:
        suspend_agent(agent=row, reason=reason)

    @with_reason("Let the chosen agents work again")
    def resume(self, request: HttpRequest, row: Agent, reason: str) -> None:
        resume_agent(agent=row, reason=reason)

    @with_reason("Deprecate the chosen agents")
    def deprecate(self, request: HttpRequest, row: Agent, reason: str) -> None:
        deprecate_agent(agent=row, reason=reason)


@admin.register(AgentStatus)
class AgentStatusAdmin(ReadOnlyAdmin):
    list_display = ("agent", "status", "last_heartbeat_at", "last_activity_at", "error_message")
    list_select_related = ("agent",)
    list_filter = ("status", OfAgent)
    fields = (
        "agent",
        "status",
        "current_execution_id",
        "last_activity_at",
        "last_heartbeat_at",
        "error_message",
        "updated_at",
    )


@admin.register(AgentStatusHistory)
class AgentStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ("agent", "previous", "status", "reason", "created_at")
    list_select_related = ("agent",)
    list_filter = (OfAgent, MadeFilter)
    fields = ("agent", "previous", "status", "reason", "execution_id", "created_at")


@admin.register(AgentKey)
class AgentKeyAdmin(ReadOnlyAdmin):
    list_display = ("fingerprint", "agent", "valid_from", "valid_until", "revoked_at")
    list_select_related = ("agent",)
    list_filter = (OfAgent,)
    fields = ("agent", "fingerprint", "valid_from", "valid_until", "revoked_at", "revoked_reason", "created_at")
    actions = ("revoke",)

    @with_reason("Revoke the chosen keys")
    def revoke(self, request: HttpRequest, row: AgentKey, reason: str) -> None:
        revoke_key(key=row, reason=reason)


@admin.register(PriceTable)
class PriceTableAdmin(ReadOnlyAdmin):
    list_display = ("provider", "version", "effective_from", "source")
    list_filter = ("provider",)
    fields = ("provider", "version", "effective_from", "source", "sha256", "created_at")
    panels = (Panel(Price, "table", ("model", "input_usd", "output_usd", "cache_usd"), "Prices"),)


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin):
    list_display = ("model", "table", "input_usd", "output_usd", "cache_usd")
    list_select_related = ("table",)
    list_filter = (reference_filter("table", "price list"),)
    fields = ("table", "model", "input_usd", "output_usd", "cache_usd", "created_at")


@admin.register(QuotaPool)
class QuotaPoolAdmin(ServiceAdmin):
    list_display = ("name", "provider", "limit_kind", "limit_amount", "closed_until")
    list_filter = ("provider",)
    search_fields = ("^name",)
    fields = ("name", "provider", "limit_kind", "limit_amount", "closed_until", "created_at", "updated_at")
    add_fields = ("name", "provider", "limit_kind", "limit_amount")
    changeable = ("name", "limit_kind", "limit_amount")
    actions = ("open",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> QuotaPool:
        return create_quota_pool(**data)

    def update(self, request: HttpRequest, row: QuotaPool, changes: dict[str, Any]) -> QuotaPool:
        return update_quota_pool(pool=row, **changes)

    @with_reason("Open the chosen pools")
    def open(self, request: HttpRequest, row: QuotaPool, reason: str) -> None:
        open_quota_pool(pool=row, reason=reason)


@admin.register(Budget)
class BudgetAdmin(ServiceAdmin):
    list_display = ("__str__", "project", "agent", "spent_now", "held", "remaining", "is_active")
    list_select_related = ("project", "agent")
    list_filter = ("scope", "unit", "period", "is_active", OfProject, OfAgent)
    autocomplete_fields = ("project", "agent")
    fields = (
        "scope",
        "project",
        "agent",
        "task_id",
        "parent",
        "unit",
        "period",
        "limit_amount",
        "warn_at",
        "ask_at",
        "stop_at",
        "emergency_stop_enabled",
        "is_active",
        "spent_now",
        "held",
        "remaining",
        "period_start",
        "created_at",
        "updated_at",
    )
    changeable = ("limit_amount", "warn_at", "ask_at", "stop_at", "emergency_stop_enabled", "is_active")
    add_fields = (
        "scope",
        "project",
        "agent",
        "unit",
        "period",
        "limit_amount",
        "warn_at",
        "ask_at",
        "stop_at",
        "emergency_stop_enabled",
    )
    panels = (Panel(BudgetHold, "budget", ("execution_id", "amount", "used", "expires_at", "released_at")),)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Budget:
        return create_budget(**data)

    def update(self, request: HttpRequest, row: Budget, changes: dict[str, Any]) -> Budget:
        return update_budget(budget=row, **changes)


@admin.register(BudgetHold)
class BudgetHoldAdmin(ReadOnlyAdmin):
    list_display = ("execution_id", "budget", "amount", "used", "expires_at", "released_at")
    list_select_related = ("budget",)
    list_filter = (reference_filter("budget", "budget"),)
    search_ids = ("execution_id",)
    search_fields = ("execution_id",)
    search_help_text = "The id of a run."
    fields = ("budget", "execution_id", "amount", "used", "expires_at", "released_at", "settled_amount", "created_at")


@admin.register(CostEntry)
class CostEntryAdmin(ReadOnlyAdmin):
    list_display = ("agent", "project", "kind", "amount_usd", "input_tokens", "output_tokens", "created_at")
    list_select_related = ("agent", "project")
    list_filter = (OfProject, OfAgent, MadeFilter)
    search_ids = ("execution_id", "task_id")
    search_fields = ("execution_id",)
    search_help_text = "The id of a run or a task."
    fields = (
        "project",
        "agent",
        "task_id",
        "execution_id",
        "kind",
        "amount_usd",
        "price",
        "provider",
        "model",
        "input_tokens",
        "output_tokens",
        "cache_tokens",
        "created_at",
    )


@admin.register(EmergencyStop)
class EmergencyStopAdmin(ServiceAdmin):
    list_display = ("scope", "project", "agent", "agent_type", "reason", "triggered_by", "created_at", "released_at")
    list_select_related = ("project", "agent")
    list_filter = (("released_at", admin.EmptyFieldListFilter), OfProject, OfAgent)
    autocomplete_fields = ("project", "agent")
    fields = (
        "scope",
        "project",
        "agent",
        "agent_type",
        "reason",
        "triggered_by",
        "created_by",
        "created_at",
        "released_at",
        "released_by",
        "release_reason",
    )
    add_fields = ("scope", "project", "agent", "agent_type")
    actions = ("release",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> EmergencyStop:
        # The reason that every form asks for is the stop's.
        return trigger_stop(reason=current().reason, by=signed_in(request), **data)

    @with_reason("Release the chosen stops")
    def release(self, request: HttpRequest, row: EmergencyStop, reason: str) -> None:
        release_stop(stop=row, by=signed_in(request), reason=reason)
