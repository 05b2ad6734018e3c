"""Agents for staff: register, describe, suspend, resume."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from agents.models import Agent
from agents.services import register_agent, resume_agent, suspend_agent, update_agent
from common.admin import ServiceAdmin, with_reason


@admin.register(Agent)
class AgentAdmin(ServiceAdmin):
    list_display = ("name", "agent_type", "runtime", "owner", "is_active", "last_seen_at")
    list_select_related = ("owner",)
    list_filter = ("is_active", "agent_type", "runtime")
    search_fields = ("^name", "^display_name")
    search_help_text = "The beginning of a name."
    autocomplete_fields = ("owner",)
    fields: ClassVar[Any] = (
        "name",
        "agent_type",
        "runtime",
        "owner",
        "display_name",
        "description",
        "capabilities",
        "is_active",
        "last_seen_at",
        "created_at",
        "updated_at",
    )
    add_fields = ("name", "agent_type", "runtime", "owner", "display_name", "description", "capabilities")
    changeable = ("display_name", "description", "capabilities")
    actions = ("suspend", "resume")

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Agent:
        return register_agent(**data)

    def update(self, request: HttpRequest, row: Agent, changes: dict[str, Any]) -> Agent:
        return update_agent(agent=row, **changes)

    @with_reason("Suspend the chosen agents")
    def suspend(self, request: HttpRequest, row: Agent, reason: str) -> None:
        suspend_agent(agent=row, reason=reason)

    @with_reason("Let the chosen agents work again")
    def resume(self, request: HttpRequest, row: Agent, reason: str) -> None:
        resume_agent(agent=row, reason=reason)
