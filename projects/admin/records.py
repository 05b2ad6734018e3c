"""Decisions and escalations for staff."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from common.admin import Panel, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from projects.models import DecisionRecord, Escalation, EscalationRule
from projects.services import (
    accept_decision,
    add_escalation_rule,
    propose_decision,
    resolve_escalation,
    update_escalation_rule,
)

OF_PROJECT = reference_filter("project_id", "project", word="project__key")
TIMES = ("created_at", "updated_at")


@admin.register(DecisionRecord)
class DecisionRecordAdmin(ServiceAdmin):
    list_display = ("number", "title", "project", "status", "decided_by", "created_at")
    list_select_related = ("project", "decided_by")
    list_filter = ("status", OF_PROJECT)
    autocomplete_fields = ("project", "plan", "phase")
    words: ClassVar[Any] = ("title", "decision", "reasoning", "alternatives", "benefits", "note", "future")
    fields = ("project", "plan", "phase", "number", *words, "status", "superseded_by", "decided_by", *TIMES)
    add_fields = ("project", "plan", "phase", *words)
    actions = ("accept",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> DecisionRecord:
        return propose_decision(**data)

    @with_reason("Accept the chosen decisions")
    def accept(self, request: HttpRequest, row: DecisionRecord, reason: str) -> None:
        accept_decision(decision=row, principal=require_principal(request), reason=reason)


@admin.register(EscalationRule)
class EscalationRuleAdmin(ServiceAdmin):
    list_display = ("area", "trigger", "project", "ordinal", "is_active", "created_at")
    list_select_related = ("project",)
    list_filter = ("is_active", OF_PROJECT)
    autocomplete_fields = ("project", "plan", "phase", "escalate_to_user")
    details: ClassVar[Any] = (
        "area",
        "trigger",
        "backup_agent_id",
        "escalate_to_agent_id",
        "escalate_to_user",
        "ordinal",
    )
    fields = ("project", "plan", "phase", *details, "is_active", *TIMES)
    add_fields = ("project", "plan", "phase", *details)
    changeable = (*details, "is_active")
    panels: ClassVar[Any] = (Panel(Escalation, "rule_id", ("step", "reason", "raised_at", "resolved_at")),)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> EscalationRule:
        return add_escalation_rule(**data)

    def update(self, request: HttpRequest, row: EscalationRule, changes: dict[str, Any]) -> EscalationRule:
        return update_escalation_rule(rule=row, **changes)


@admin.register(Escalation)
class EscalationAdmin(ServiceAdmin):
    list_display = ("reason", "rule", "step", "raised_at", "resolved_at")
    list_select_related = ("rule",)
    list_filter = ("step", reference_filter("rule_id", "rule"), reference_filter("subject_id", "subject"))
    fields = (
        "rule",
        "step",
        "subject_type",
        "subject_id",
        "raised_at",
        "raised_by_user",
        "raised_by_agent_id",
        "resolved_at",
        "resolved_by",
        "resolution",
        *TIMES,
    )
    actions = ("resolve",)

    @with_reason("Resolve the chosen escalations")
    def resolve(self, request: HttpRequest, row: Escalation, reason: str) -> None:
        resolve_escalation(escalation=row, resolution=reason, principal=require_principal(request))
