"""Comments, files and checklists: what the API shows of them and takes."""

from typing import Any

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from evidence.models import Evidence, SourceType
from tasks.models import MAX_COMMENT, Attachment, ChecklistItem, Comment, ContentType


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment, as it was written: it is never markup of ours."""

    ai_metadata = JSONObjectField(read_only=True)

    class Meta:
        model = Comment
        fields = (
            "id",
            "task",
            "author",
            "agent",
            "content",
            "content_type",
            "reply_to",
            "is_ai_generated",
            "ai_metadata",
            "edited_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class CommentChange(StrictSerializer):
    content = serializers.CharField(max_length=MAX_COMMENT)


class CommentInput(CommentChange):
    content_type = serializers.ChoiceField(choices=ContentType.choices, required=False)
    reply_to = VisibleField(queryset=Comment.objects.all(), required=False)


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file. Its bytes are at `content/`, to be saved and never shown as a page."""

    class Meta:
        model = Attachment
        fields = (
            "id",
            "task",
            "comment",
            "file_name",
            "media_type",
            "size",
            "sha256",
            "is_evidence",
            "evidence",
            "uploaded_by",
            "agent",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class EvidenceUse(StrictSerializer):
    """What a file shows."""

    title = serializers.CharField(max_length=500, required=False)
    source_type = serializers.ChoiceField(choices=SourceType.choices, required=False)


class ChecklistItemSerializer(serializers.ModelSerializer[ChecklistItem]):
    class Meta:
        model = ChecklistItem
        fields = (
            "id",
            "task",
            "gate",
            "ordinal",
            "text",
            "done",
            "done_at",
            "done_by_user",
            "done_by_agent",
            "evidence",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ChecklistItemInput(StrictSerializer):
    text = serializers.CharField(max_length=500)


class TickInput(StrictSerializer):
    done = serializers.BooleanField()
    evidence = VisibleField(queryset=Evidence.objects.all(), required=False)


class ChecklistOrder(StrictSerializer):
    items: Any = serializers.ListField(child=serializers.UUIDField(), max_length=500)
