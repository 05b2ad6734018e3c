"""The worker protocol's messages (design/api.md): what a pull agent sends and gets."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer
from evidence.models import Artifact, ArtifactType, Evidence, Granularity, SourceType
from evidence.services.artifacts import Assembly, Why
from evidence.services.artifacts.drafts import MAX_PATH, MAX_TEXT, TEXT_TYPES
from tasks.models import (
    ApprovalAction,
    ApprovalKind,
    ApprovalRequest,
    ApprovalTrigger,
    Criterion,
    Directive,
    ErrorCategory,
    Execution,
    Risk,
    Task,
    TaskStatus,
)
from tasks.queries import Briefing
from tasks.services import Claimed, lease_token
from tasks.services.claims import MAX_LEASE, MIN_LEASE
from tasks.services.run_log import MAX_LOG

LARGEST = 2**63 - 1
ASKED_BY_WORKERS = ("question", "pre_execution", "response_approval", "next_step")
Members = dict[str, Any]


class ClaimInput(StrictSerializer):
    projects = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=100)
    capabilities = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=100,
        help_text="Default: all it has.",
    )
    lease_seconds = serializers.IntegerField(min_value=MIN_LEASE, max_value=MAX_LEASE, default=60)
    limit = serializers.IntegerField(min_value=1, max_value=10, default=1)


class UsageInput(StrictSerializer):
    input_tokens = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)
    output_tokens = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)
    cost_usd = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=Decimal(0), required=False)


class HeartbeatInput(StrictSerializer):
    progress = serializers.IntegerField(min_value=0, max_value=100, required=False)
    message = serializers.CharField(max_length=500, allow_blank=True, required=False)
    usage = UsageInput(required=False)


class EvidenceInput(StrictSerializer):
    source_type = serializers.ChoiceField(choices=SourceType.choices)
    title = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    content_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False)
    data = JSONObjectField(required=False)  # type: ignore[assignment]  # the name in the API
    criterion = serializers.UUIDField(required=False, help_text="The criterion it is meant for.")


class ArtifactInput(StrictSerializer):
    """JSON that fits the type, or text, or both: text with facts about it."""

    artifact_type = serializers.ChoiceField(choices=ArtifactType.choices)
    path = serializers.CharField(max_length=MAX_PATH)
    title = serializers.CharField(max_length=500, allow_blank=True, required=False)
    content = JSONObjectField(required=False)
    text = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, trim_whitespace=False, required=False)
    media_type = serializers.ChoiceField(choices=TEXT_TYPES, required=False, help_text="Of the text.")
    metadata = JSONObjectField(required=False)

    class Meta:
        ref_name = "RunArtifact"


class OptionSerializer(StrictSerializer):
    """An answer that is offered."""

    key = serializers.SlugField(max_length=100)
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]  # the name in the API
    action = serializers.ChoiceField(choices=ApprovalAction.choices)
    effect = serializers.CharField(max_length=1000, allow_blank=True, default="")


class CircumstancesInput(StrictSerializer):
    """What the project's oversight level looks at. What is left out is unknown, and unknown is asked about."""

    phase = serializers.CharField(max_length=50, required=False)
    attempts = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    error = serializers.ChoiceField(choices=ErrorCategory.choices, required=False)
    used_percent = serializers.FloatField(min_value=0, max_value=1_000_000, required=False)


class NotNeeded(serializers.Serializer[Any]):
    """The project's oversight level asks nobody here: the attempt goes on."""

    needed = serializers.BooleanField()


class ApprovalInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=[choice for choice in ApprovalKind.choices if choice[0] in ASKED_BY_WORKERS])
    question = serializers.CharField(max_length=10_000)
    action = JSONObjectField()
    target_commit = serializers.RegexField(r"^[0-9a-f]{7,64}$", required=False, allow_null=True)
    options = OptionSerializer(many=True, required=False)
    expires_in = serializers.IntegerField(min_value=1, max_value=30 * 86400, required=False, help_text="Seconds.")
    risk = serializers.ChoiceField(choices=Risk.choices, required=False)
    estimated_tokens = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False)
    estimated_cost_usd = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=Decimal(0), required=False)
    confidence = serializers.DecimalField(
        max_digits=4, decimal_places=3, min_value=Decimal(0), max_value=Decimal(1), required=False
    )
    trigger = serializers.ChoiceField(choices=ApprovalTrigger.choices, required=False)
    circumstances = CircumstancesInput(required=False)

    def validate_options(self, value: list[Members]) -> list[Members]:
        keys = {option["key"] for option in value}
        if not value or len(value) > 10 or len(keys) < len(value):
            raise serializers.ValidationError("Give 1 to 10 options with different keys.")
        return value


class RedeemInput(StrictSerializer):
    digest = serializers.RegexField(r"^[0-9a-f]{64}$")


class CompleteInput(StrictSerializer):
    result = JSONObjectField()
    summary = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    usage = UsageInput(required=False)


class FailInput(StrictSerializer):
    error = serializers.CharField(max_length=20_000)
    usage = UsageInput(required=False)
    retry_after = serializers.IntegerField(
        min_value=1,
        max_value=86400,
        required=False,
        help_text="Seconds for which the model's provider refuses the agent (its 429): its quota pool is shut so long.",
    )
    retryable = serializers.BooleanField(
        required=False, help_text="Whether another try makes sense. Required unless error_code is a known one."
    )
    error_code = serializers.SlugField(max_length=100, required=False)
    error_category = serializers.ChoiceField(choices=ErrorCategory.choices, required=False)


class LogPosition(StrictSerializer):
    offset = serializers.IntegerField(min_value=0, max_value=MAX_LOG)


class LogAnswer(serializers.Serializer[Any]):
    offset = serializers.IntegerField(help_text="The log's size: where to go on.")


class WorkedTaskSerializer(serializers.ModelSerializer[Task]):
    """A claimed task."""

    class CriteriaSerializer(serializers.Serializer[Any]):
        class CriterionSerializer(serializers.ModelSerializer[Criterion]):
            parameters = JSONObjectField()

            class Meta:
                ref_name = "ClaimedCriterion"
                model = Criterion
                fields = ("id", "kind", "title", "parameters", "minimum_grade")

        criteria = CriterionSerializer(many=True)

        class Meta:
            ref_name = "ClaimedContract"

    project_id = serializers.UUIDField()
    key = serializers.CharField()
    input = JSONObjectField()
    contract = CriteriaSerializer(allow_null=True)

    class Meta:
        ref_name = "ClaimedTask"
        model = Task
        fields = (
            "id",
            "key",
            "project_id",
            "title",
            "description",
            "type",
            "priority",
            "instructions",
            "input",
            "contract",
        )


class GrantSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """An answered approval, with everything its digest binds."""

    task = serializers.UUIDField(source="task_id")
    action = JSONObjectField()
    target_commit = serializers.SerializerMethodField()
    amended_content = JSONObjectField(allow_null=True)

    class Meta:
        ref_name = "Grant"
        model = ApprovalRequest
        fields = (
            "id",
            "task",
            "kind",
            "status",
            "question",
            "action",
            "target_commit",
            "nonce",
            "digest",
            "selected_option",
            "comment",
            "amended_content",
            "expires_at",
            "redeemed_at",
        )

    def get_target_commit(self, approval: ApprovalRequest) -> str | None:
        return approval.target_commit or None


class AttemptSerializer(serializers.ModelSerializer[Execution]):
    error = serializers.SerializerMethodField(help_text="Why it failed, or why its result was refused in review.")

    class Meta:
        ref_name = "Attempt"
        model = Execution
        fields = ("attempt", "status", "error")

    def get_error(self, execution: Execution) -> str:
        return execution.set_aside_reason or execution.error


class StartedExecutionSerializer(serializers.ModelSerializer[Execution]):
    class Meta:
        ref_name = "StartedExecution"
        model = Execution
        fields = ("id", "status", "attempt")


class GivenArtifactSerializer(serializers.Serializer[Any]):
    """An artifact to read, whole."""

    id = serializers.UUIDField()
    artifact_type = serializers.ChoiceField(choices=ArtifactType.choices)
    granularity = serializers.ChoiceField(choices=Granularity.choices)
    path = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    content_sha256 = serializers.CharField()
    text = serializers.CharField(source="content_text")


class DroppedArtifactSerializer(serializers.Serializer[Any]):
    """An artifact that the task names and that is not given whole."""

    id = serializers.CharField(help_text="As the task names it.")
    path = serializers.CharField()
    tokens = serializers.IntegerField()
    why = serializers.ChoiceField(choices=[why.value for why in Why])


class ClaimContextSerializer(serializers.Serializer[Any]):
    class ProjectSerializer(serializers.Serializer[Any]):
        id = serializers.UUIDField()
        slug = serializers.CharField()
        name = serializers.CharField()

        class Meta:
            ref_name = "ClaimedProject"

    project = ProjectSerializer()
    repository_url = serializers.CharField(allow_blank=True)
    default_branch = serializers.CharField()
    previous_attempts = AttemptSerializer(many=True)
    artifacts = GivenArtifactSerializer(many=True, help_text="What the task names, in that order.")
    dropped = DroppedArtifactSerializer(many=True)


class ClaimedSerializer(serializers.Serializer[Any]):
    """One element of the answer to a claim."""

    task = WorkedTaskSerializer()
    execution = StartedExecutionSerializer()
    attempt = serializers.IntegerField()
    lease_token = serializers.CharField()
    lease_expires_at = serializers.DateTimeField()
    lease_seconds = serializers.IntegerField()
    grants = GrantSerializer(many=True)
    context = ClaimContextSerializer()  # type: ignore[assignment]  # the name in the API


def claimed_members(claimed: Claimed, briefing: Briefing, assembly: Assembly | None) -> Members:
    """Return what `ClaimedSerializer` shows."""
    task, execution = claimed.task, claimed.execution
    worked = {name: getattr(task, name) for name in WorkedTaskSerializer.Meta.fields if name != "contract"}
    contract = {"criteria": briefing.criteria} if briefing.has_contract else None
    return {
        "task": worked | {"contract": contract},
        "execution": execution,
        "attempt": execution.attempt,
        "lease_token": lease_token(execution.id),
        "lease_expires_at": execution.lease_expires_at,
        "lease_seconds": execution.lease_seconds,
        "grants": briefing.grants,
        "context": {
            "project": task.project,
            "repository_url": task.project.repository_url,
            "default_branch": task.project.default_branch,
            "previous_attempts": briefing.previous_attempts,
            "artifacts": [outcome.artifact for outcome in assembly.given] if assembly else [],
            "dropped": dropped_members(assembly) if assembly else [],
        },
    }


def dropped_members(assembly: Assembly) -> list[Members]:
    dropped = [
        {"id": str(each.artifact.id), "path": each.artifact.path, "tokens": each.tokens, "why": each.why}
        for each in assembly.dropped
    ]
    return dropped + [{"id": name, "path": "", "tokens": 0, "why": Why.UNKNOWN} for name in assembly.unknown]


def with_lease_token(item: Members) -> Members:
    """Make the token of a stored claim again: it is never stored."""
    return item | {"lease_token": lease_token(UUID(item["execution"]["id"]))}


class HeartbeatAnswer(serializers.Serializer[Any]):
    directive = serializers.ChoiceField(choices=Directive.choices)
    lease_expires_at = serializers.DateTimeField()
    lease_seconds = serializers.IntegerField()
    notes = serializers.ListField(child=serializers.CharField())


class EvidenceReceipt(serializers.ModelSerializer[Evidence]):
    """What became of evidence that was handed in."""

    class Meta:
        ref_name = "EvidenceReceipt"
        model = Evidence
        fields = ("id", "source_type", "grade", "title", "content_sha256", "content_size", "created_at")


class ArtifactReceipt(serializers.ModelSerializer[Artifact]):
    """What became of an artifact that was left."""

    class Meta:
        ref_name = "ArtifactReceipt"
        model = Artifact
        fields = ("id", "artifact_type", "path", "version", "title", "content_sha256", "token_estimate", "created_at")


class TaskState(serializers.Serializer[Any]):
    task_status = serializers.ChoiceField(choices=TaskStatus.choices)
