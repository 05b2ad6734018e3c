"""Handoffs, blockers and the journal: what the API shows of them and takes."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from agents.models import Agent
from common.api.serializers import StrictSerializer, VisibleField
from projects.models import Phase, Project, TaskGroup
from tasks.models import (
    Blocker,
    Change,
    CommitRecord,
    FileChange,
    FileStatus,
    Handoff,
    HandoffPhase,
    Priority,
    Task,
    WorkKind,
    WorkLogEntry,
)

LONG = 20_000
MOST = 200
HASH = r"^[0-9a-f]{7,64}$"


def texts(max_length: int, most: int = MOST) -> Any:
    return serializers.ListField(child=serializers.CharField(max_length=max_length), max_length=most, required=False)


class HandoffSerializer(serializers.ModelSerializer[Handoff]):
    """Work that changes hands."""

    class Meta:
        model = Handoff
        fields = (
            "id",
            "project",
            "task",
            "group",
            "from_user",
            "from_agent",
            "to_user",
            "to_agent",
            "phase",
            "priority",
            "summary",
            "gotchas",
            "files_tagged",
            "commits",
            "expected_outputs",
            "acceptance_criteria",
            "artifact_ids",
            "status",
            "offered_at",
            "log_read_at",
            "commits_reviewed_at",
            "blockers_checked_at",
            "answered_at",
            "completed_at",
            "rejected_reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class HandoffChange(StrictSerializer):
    """What a draft says."""

    phase = serializers.ChoiceField(choices=HandoffPhase.choices)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    summary = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    gotchas = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    files_tagged = texts(1000)
    commits = serializers.ListField(child=serializers.RegexField(HASH), max_length=MOST, required=False)
    expected_outputs = texts(1000)
    acceptance_criteria = texts(1000)
    artifact_ids = serializers.ListField(child=serializers.UUIDField(), max_length=MOST, required=False)


class HandoffTaker(HandoffChange):
    to_user = VisibleField(queryset=User.objects.all(), required=False)
    to_agent = VisibleField(queryset=Agent.objects.all(), required=False)


class HandoffInput(HandoffTaker):
    """A new draft: of a task or a group, for a person or an agent."""

    task = VisibleField(queryset=Task.objects.select_related("project"), required=False)
    group = VisibleField(queryset=TaskGroup.objects.select_related("phase__plan__project"), required=False)


class AcceptInput(StrictSerializer):
    """The three acknowledgements of whoever takes over."""

    log_read = serializers.BooleanField()
    commits_reviewed = serializers.BooleanField()
    blockers_checked = serializers.BooleanField()
    comment = serializers.CharField(max_length=2000, required=False)


class CompleteHandoffInput(StrictSerializer):
    comment = serializers.CharField(max_length=2000, required=False)


class BlockerSerializer(serializers.ModelSerializer[Blocker]):
    """What stands in a task's way, and what to do about it."""

    task_key = serializers.CharField(source="task.key", read_only=True)
    project = serializers.UUIDField(source="task.project_id", read_only=True)

    class Meta:
        model = Blocker
        fields = (
            "id",
            "task",
            "task_key",
            "project",
            "reason",
            "unblock_steps",
            "commands",
            "owner",
            "owner_agent",
            "opened_at",
            "resolved_at",
            "resolved_by",
            "resolved_by_agent",
            "resolution",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class BlockerReport(StrictSerializer):
    reason = serializers.CharField(max_length=500)
    unblock_steps = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    commands = texts(1000, 50)


class BlockerInput(BlockerReport):
    task = VisibleField(queryset=Task.objects.all())
    owner = VisibleField(queryset=User.objects.all(), required=False)
    owner_agent = VisibleField(queryset=Agent.objects.all(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "owner" in attrs and "owner_agent" in attrs:
            raise serializers.ValidationError({"owner": ["A person or an agent owns it, not both."]})
        return attrs


class ResolveInput(StrictSerializer):
    resolution = serializers.CharField(max_length=2000)


class WorkLogEntrySerializer(serializers.ModelSerializer[WorkLogEntry]):
    class Meta:
        model = WorkLogEntry
        fields = ("id", "project", "phase", "task", "kind", "text", "at", "user", "agent", "created_at")
        read_only_fields = fields


class WorkLogReport(StrictSerializer):
    text = serializers.CharField(max_length=LONG)
    kind = serializers.ChoiceField(choices=WorkKind.choices, required=False)


class Placed(StrictSerializer):
    """Of a task, or of a project."""

    project = VisibleField(queryset=Project.objects.all(), required=False)
    task = VisibleField(queryset=Task.objects.select_related("project"), required=False)


class WorkLogInput(WorkLogReport, Placed):
    phase = VisibleField(queryset=Phase.objects.select_related("plan"), required=False)
    at = serializers.DateTimeField(required=False)


class CommitSerializer(serializers.ModelSerializer[CommitRecord]):
    """A commit; without a hash, one still to be made."""

    class Meta:
        model = CommitRecord
        fields = (
            "id",
            "project",
            "task",
            "further_task_ids",
            "hash",
            "branch",
            "message",
            "committed_at",
            "user",
            "agent",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class CommitReport(StrictSerializer):
    message = serializers.CharField(max_length=LONG)
    hash = serializers.RegexField(HASH, required=False)
    branch = serializers.CharField(max_length=255, allow_blank=True, required=False)
    committed_at = serializers.DateTimeField(required=False)
    further_task_ids = serializers.ListField(child=serializers.UUIDField(), max_length=MOST, required=False)


class CommitInput(CommitReport, Placed):
    """A commit of a task or of a project."""


class SettleInput(StrictSerializer):
    hash = serializers.RegexField(HASH)
    committed_at = serializers.DateTimeField(required=False)


class FileChangeSerializer(serializers.ModelSerializer[FileChange]):
    class Meta:
        model = FileChange
        fields = (
            "id",
            "project",
            "task",
            "commit",
            "path",
            "copied_from",
            "change",
            "status",
            "lines_added",
            "lines_deleted",
            "user",
            "agent",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class FileChangeReport(StrictSerializer):
    path = serializers.CharField(max_length=600)
    change = serializers.ChoiceField(choices=Change.choices)
    copied_from = serializers.CharField(max_length=600, required=False)
    status = serializers.ChoiceField(choices=FileStatus.choices, required=False)
    lines_added = serializers.IntegerField(min_value=0, max_value=10**9, required=False)
    lines_deleted = serializers.IntegerField(min_value=0, max_value=10**9, required=False)
    commit = VisibleField(queryset=CommitRecord.objects.all(), required=False)


class FileChangeInput(FileChangeReport, Placed):
    """A file that a task or a commit changes."""


class FileMoveInput(StrictSerializer):
    status = serializers.ChoiceField(choices=FileStatus.choices)


class TickReport(StrictSerializer):
    item = serializers.UUIDField()
    done = serializers.BooleanField()


class CommentReport(StrictSerializer):
    content = serializers.CharField(max_length=65_536)
