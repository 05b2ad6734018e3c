"""Approvals and standing rules: what the API shows of them and takes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from agents.models import Agent
from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from projects.models import Gate, Phase, Project
from tasks.models import (
    ApprovalAction,
    ApprovalKind,
    ApprovalRequest,
    ApprovalTrigger,
    Risk,
    RuleAnswer,
    StandingRule,
    Task,
)

DIGEST = r"^[0-9a-f]{64}$"
ASKED_BY_PEOPLE = (ApprovalKind.PHASE_GATE, ApprovalKind.BUDGET_OVERRIDE, ApprovalKind.ESCALATION)


class OfferedOption(serializers.Serializer[Any]):
    """An answer that is offered."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name in the API
    action = serializers.ChoiceField(choices=ApprovalAction.choices)
    effect = serializers.CharField(allow_blank=True)


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A question to a person, its answer, and everything its digest binds."""

    task_key = serializers.CharField(source="task.key", read_only=True, allow_null=True)
    agent_name = serializers.CharField(source="agent.name", read_only=True, allow_null=True)
    action = JSONObjectField(read_only=True)
    amended_content = JSONObjectField(read_only=True, allow_null=True)
    target_commit = serializers.SerializerMethodField()
    options = OfferedOption(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "id",
            "task",
            "task_key",
            "project",
            "execution",
            "agent",
            "agent_name",
            "phase",
            "gate",
            "requested_by",
            "kind",
            "trigger",
            "risk",
            "quorum",
            "escalation_level",
            "estimated_tokens",
            "estimated_cost_usd",
            "confidence",
            "question",
            "action",
            "target_commit",
            "nonce",
            "digest",
            "options",
            "status",
            "expires_at",
            "decided_at",
            "decided_by",
            "decided_by_rule",
            "comment",
            "selected_option",
            "amended_content",
            "redeemed_at",
            "redeemed_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_target_commit(self, approval: ApprovalRequest) -> str | None:
        return approval.target_commit or None


class RespondInput(StrictSerializer):
    action = serializers.ChoiceField(choices=ApprovalAction.choices)
    comment = serializers.CharField(max_length=10_000)
    digest = serializers.RegexField(DIGEST, help_text="Of the request as it was shown.")
    amended_content = JSONObjectField(required=False)
    selected_option = serializers.CharField(max_length=100, required=False)


class AskInput(StrictSerializer):
    """A question in a person's name."""

    project = VisibleField(queryset=Project.objects.all())
    task = VisibleField(queryset=Task.objects.select_related("project"), required=False)
    phase = VisibleField(queryset=Phase.objects.select_related("plan"), required=False)
    gate = VisibleField(queryset=Gate.objects.select_related("phase__plan"), required=False)
    kind = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in ASKED_BY_PEOPLE])
    trigger = serializers.ChoiceField(choices=ApprovalTrigger.choices, required=False)
    risk = serializers.ChoiceField(choices=Risk.choices, required=False)
    question = serializers.CharField(max_length=10_000)
    action = JSONObjectField()
    estimated_tokens = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    estimated_cost_usd = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=Decimal(0), required=False)


class BulkItem(StrictSerializer):
    approval = VisibleField(queryset=ApprovalRequest.objects.select_related("task__project", "agent"))
    digest = serializers.RegexField(DIGEST, help_text="Of the request as it was shown.")


class BulkRespondInput(StrictSerializer):
    """One answer to several requests. An amendment is given to one at a time."""

    action = serializers.ChoiceField(choices=["approve", "reject"])
    comment = serializers.CharField(max_length=10_000)
    items: Any = BulkItem(many=True, min_length=1, max_length=10)  # type: ignore[call-arg]


class StatisticsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    approved = serializers.IntegerField()
    rejected = serializers.IntegerField()
    amended = serializers.IntegerField()
    expired = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    approval_rate = serializers.FloatField(allow_null=True, help_text="Approved or amended, of those decided.")
    average_response_time_hours = serializers.FloatField(allow_null=True)


class ApprovalHistorySerializer(serializers.Serializer[Any]):
    timestamp = serializers.DateTimeField()
    action = serializers.CharField()
    user_id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]  # the name in the API
    comment = serializers.CharField()
    content = JSONObjectField(allow_null=True)
    counted = serializers.BooleanField(allow_null=True)


class StandingRuleSerializer(serializers.ModelSerializer[StandingRule]):
    class Meta:
        model = StandingRule
        fields = (
            "id",
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
        read_only_fields = fields


class StandingRuleInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    kind = serializers.ChoiceField(choices=ApprovalKind.choices, required=False)
    trigger = serializers.ChoiceField(choices=ApprovalTrigger.choices, required=False)
    agent = VisibleField(queryset=Agent.objects.all(), required=False)
    action_pattern = serializers.CharField(max_length=500, required=False, help_text="Of the action's `type`: shell.*")
    highest_risk = serializers.ChoiceField(choices=Risk.choices, required=False)
    answer = serializers.ChoiceField(choices=RuleAnswer.choices)
    reason = serializers.CharField(max_length=2000)
    expires_at = serializers.DateTimeField()
    max_uses = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
