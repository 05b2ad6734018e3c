"""Questions to people, their answers, and answers given in advance."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter, with_reason
from common.http import require_principal
from tasks.admin.parts import OF_AGENT, OF_PROJECT, OF_TASK
from tasks.models import ApprovalRequest, ApprovalResponse, StandingRule, StandingRuleResponse
from tasks.services import revoke_standing_rule


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    """Never decided here: its page shows exactly what is asked, and to whom it is open."""

    list_display = ("id", "task", "kind", "question", "agent", "status", "decided_by", "expires_at", "redeemed_at")
    list_select_related = ("task__project", "agent", "decided_by")
    list_filter = ("status", "kind", "risk", OF_TASK, OF_PROJECT, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_help_text = "The id of an approval or of a task."
    panels = (
        Panel(ApprovalResponse, "approval_id", ("user", "action", "comment", "counted"), "Answers", ("user",)),
        Panel(StandingRuleResponse, "approval_id", ("rule", "created_at"), "Answered by a rule", ("rule",)),
    )

    def product_page(self, obj: ApprovalRequest) -> str:
        return reverse("tasks:approval", args=[obj.pk])


@admin.register(ApprovalResponse)
class ApprovalResponseAdmin(ReadOnlyAdmin):
    list_display = ("approval", "user", "action", "comment", "counted", "created_at")
    list_select_related = ("approval", "user")
    list_filter = (
        "action",
        "counted",
        reference_filter("approval_id", "approval"),
        reference_filter("user_id", "person", word="user__email"),
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "approval_id", "user_id")
    search_help_text = "The id of an answer, an approval or a person."
    fields = (
        "approval",
        "user",
        "action",
        "comment",
        "selected_option",
        "amended_content",
        "counted",
        "created_at",
    )


@admin.register(StandingRule)
class StandingRuleAdmin(ReadOnlyAdmin):
    """Made in the product, by people who may decide what it decides; withdrawn from here too."""

    list_display = ("reason", "project", "answer", "highest_risk", "uses", "expires_at", "created_by", "revoked_at")
    list_select_related = ("project", "created_by")
    list_filter = (
        "answer",
        "highest_risk",
        ("revoked_at", admin.EmptyFieldListFilter),
        OF_PROJECT,
        OF_AGENT,
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "project_id", "agent_id")
    search_help_text = "The id of a rule, a project or an agent."
    fields = (
        "project",
        "kind",
        "trigger",
        "agent",
        "action_pattern",
        "highest_risk",
        "answer",
        "reason",
        "expires_at",
        "max_uses",
        "uses",
        "created_by",
        "revoked_at",
        "revoked_by",
        "created_at",
        "updated_at",
    )
    panels = (Panel(StandingRuleResponse, "rule_id", ("approval", "created_at"), "Newest answers", ("approval",)),)
    actions = ("revoke",)

    @with_reason("Withdraw the chosen rules: they answer nothing any more")
    def revoke(self, request: HttpRequest, row: StandingRule, reason: str) -> None:
        revoke_standing_rule(rule=row, principal=require_principal(request), reason=reason)


@admin.register(StandingRuleResponse)
class StandingRuleResponseAdmin(ReadOnlyAdmin):
    list_display = ("approval", "rule", "created_at")
    list_select_related = ("approval", "rule")
    list_filter = (reference_filter("rule_id", "rule"), reference_filter("approval_id", "approval"), MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "rule_id", "approval_id")
    search_help_text = "The id of an answer, a rule or an approval."
    fields = ("rule", "approval", "created_at")
