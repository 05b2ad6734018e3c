"""What the API shows of decisions and escalations, and what it takes."""

from rest_framework import serializers

from accounts.models import User
from common.api.serializers import StrictSerializer, VisibleField
from projects.models import DecisionRecord, Escalation, EscalationRule, Phase, Plan, Project

LONG = 100_000
MOST = 32_767


class DecisionRecordSerializer(serializers.ModelSerializer[DecisionRecord]):
    """What was decided, and why."""

    class Meta:
        model = DecisionRecord
        fields = (
            "id",
            "project",
            "plan",
            "phase",
            "number",
            "title",
            "decision",
            "reasoning",
            "alternatives",
            "benefits",
            "note",
            "future",
            "status",
            "superseded_by",
            "decided_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class DecisionRecordInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    plan = VisibleField(queryset=Plan.objects.all(), allow_null=True, required=False)
    phase = VisibleField(queryset=Phase.objects.select_related("plan"), allow_null=True, required=False)
    title = serializers.CharField(max_length=255)
    decision = serializers.CharField(max_length=LONG)
    reasoning = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    alternatives = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    benefits = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    note = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    future = serializers.CharField(max_length=LONG, allow_blank=True, required=False)


class DecisionAcceptance(StrictSerializer):
    """Accept a proposed decision; `supersedes` names the accepted one that it replaces."""

    supersedes = VisibleField(queryset=DecisionRecord.objects.all(), allow_null=True, required=False)
    reason = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class EscalationRuleSerializer(serializers.ModelSerializer[EscalationRule]):
    """Who is asked next when work of an area fails."""

    backup_agent = serializers.UUIDField(source="backup_agent_id", read_only=True, allow_null=True)
    escalate_to_agent = serializers.UUIDField(source="escalate_to_agent_id", read_only=True, allow_null=True)

    class Meta:
        model = EscalationRule
        fields = (
            "id",
            "project",
            "plan",
            "phase",
            "area",
            "trigger",
            "backup_agent",
            "escalate_to_agent",
            "escalate_to_user",
            "ordinal",
            "is_active",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EscalationRuleChange(StrictSerializer):
    area = serializers.CharField(max_length=100)
    trigger = serializers.CharField(max_length=LONG)
    backup_agent = serializers.UUIDField(source="backup_agent_id", allow_null=True, required=False)
    escalate_to_agent = serializers.UUIDField(source="escalate_to_agent_id", allow_null=True, required=False)
    escalate_to_user = VisibleField(queryset=User.objects.all(), allow_null=True, required=False)
    ordinal = serializers.IntegerField(min_value=0, max_value=MOST, required=False)


class EscalationRuleUpdate(EscalationRuleChange):
    is_active = serializers.BooleanField(required=False)


class EscalationRuleInput(EscalationRuleChange):
    project = VisibleField(queryset=Project.objects.all())
    plan = VisibleField(queryset=Plan.objects.all(), allow_null=True, required=False)
    phase = VisibleField(queryset=Phase.objects.select_related("plan"), allow_null=True, required=False)


class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    """One step along a rule, about something that failed."""

    area = serializers.CharField(source="rule.area", read_only=True)
    project = serializers.UUIDField(source="rule.project_id", read_only=True)
    raised_by_agent = serializers.UUIDField(source="raised_by_agent_id", read_only=True, allow_null=True)

    class Meta:
        model = Escalation
        fields = (
            "id",
            "project",
            "rule",
            "area",
            "step",
            "subject_type",
            "subject_id",
            "reason",
            "raised_at",
            "raised_by_user",
            "raised_by_agent",
            "resolved_at",
            "resolved_by",
            "resolution",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EscalationResolution(StrictSerializer):
    """How an escalation ended."""

    resolution = serializers.CharField(max_length=2000)
