"""What the API shows of artifacts, and what it takes."""

from typing import Any

from rest_framework import serializers

from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from evidence.models import Artifact, ArtifactType, ArtifactUse, Granularity
from evidence.services.artifacts import Outcome, Why
from evidence.services.artifacts.drafts import MAX_PATH, MAX_TEXT, TEXT_TYPES
from evidence.services.artifacts.writing import MAX_DIMENSION
from projects.models import Project

MAX_IDS = 500
MAX_TOKENS = 1_000_000


class ArtifactListSerializer(serializers.ModelSerializer[Artifact]):
    """A version of an artifact, without its content."""

    source_execution = serializers.UUIDField(source="source_execution_id", read_only=True, allow_null=True)
    metadata = JSONObjectField(read_only=True)

    class Meta:
        model = Artifact
        fields: tuple[str, ...] = (
            "id",
            "project",
            "artifact_type",
            "granularity",
            "parent",
            "path",
            "ordinal",
            "title",
            "media_type",
            "content_sha256",
            "file_size",
            "token_estimate",
            "version",
            "supersedes",
            "is_current",
            "source_agent",
            "source_execution",
            "created_by",
            "metadata",
            "tags",
            "embedding_model",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ArtifactSerializer(ArtifactListSerializer):
    """A version of an artifact. `text` is what is searched and given to agents; a file that is no text has none."""

    content = JSONObjectField(read_only=True)
    text = serializers.CharField(source="content_text", read_only=True)

    class Meta(ArtifactListSerializer.Meta):
        fields = (*ArtifactListSerializer.Meta.fields, "content", "text")
        read_only_fields = fields


class Body(StrictSerializer):
    """JSON that fits the type, or text, or both: text with facts about it."""

    title = serializers.CharField(max_length=500, allow_blank=True, required=False)
    content = JSONObjectField(required=False)
    text = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, trim_whitespace=False, required=False)
    media_type = serializers.ChoiceField(choices=TEXT_TYPES, required=False, help_text="Of the text.")
    metadata = JSONObjectField(required=False)


class TagsInput(StrictSerializer):
    tags = serializers.ListField(child=serializers.CharField(max_length=100), max_length=50)


class ArtifactInput(Body):
    """Something new. A part names its parent, and its path begins with the parent's."""

    project = VisibleField(queryset=Project.objects.all())
    artifact_type = serializers.ChoiceField(choices=ArtifactType.choices)
    path = serializers.CharField(max_length=MAX_PATH)
    granularity = serializers.ChoiceField(choices=Granularity.choices, required=False)
    parent = VisibleField(queryset=Artifact.objects.without_content(), required=False)  # type: ignore[assignment]  # the name in the API
    tags = serializers.ListField(child=serializers.CharField(max_length=100), max_length=50, required=False)


class DecomposeInput(StrictSerializer):
    keys = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=200,
        help_text="Members of the JSON that become concepts; default: those of its member `concepts`.",
    )


class EmbeddingInput(StrictSerializer):
    """A place in the space of an embedding model. Only its direction is kept."""

    model = serializers.CharField(max_length=100)
    vector = serializers.ListField(
        child=serializers.FloatField(min_value=-1e9, max_value=1e9), min_length=1, max_length=MAX_DIMENSION
    )


class SearchQuery(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    query = serializers.CharField(max_length=1000, required=False, help_text="Words, as in a web search.")
    granularity = serializers.ChoiceField(choices=Granularity.choices, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("query") and not attrs.get("embedding"):
            raise serializers.ValidationError({"query": ["Say what to look for."]})
        return attrs


class SearchInput(SearchQuery):
    embedding = EmbeddingInput(required=False)


class HitSerializer(serializers.Serializer[Any]):
    """A find, best first."""

    artifact = ArtifactListSerializer()
    score = serializers.FloatField()
    excerpt = serializers.CharField()


class HitsSerializer(serializers.Serializer[Any]):
    results = HitSerializer(many=True)


class AssembleInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MAX_IDS)
    max_tokens = serializers.IntegerField(min_value=1, max_value=MAX_TOKENS)


class GivenSerializer(serializers.Serializer[Outcome]):
    """An artifact that is given whole."""

    id = serializers.UUIDField(source="artifact.id")
    artifact_type = serializers.ChoiceField(choices=ArtifactType.choices, source="artifact.artifact_type")
    granularity = serializers.ChoiceField(choices=Granularity.choices, source="artifact.granularity")
    path = serializers.CharField(source="artifact.path")
    title = serializers.CharField(source="artifact.title")
    version = serializers.IntegerField(source="artifact.version")
    content_sha256 = serializers.CharField(source="artifact.content_sha256")
    media_type = serializers.CharField(source="artifact.media_type")
    tokens = serializers.IntegerField()
    text = serializers.CharField(source="artifact.content_text")


class DroppedSerializer(serializers.Serializer[Outcome]):
    """An artifact that is not given whole, and why."""

    id = serializers.UUIDField(source="artifact.id")
    path = serializers.CharField(source="artifact.path")
    tokens = serializers.IntegerField()
    why = serializers.ChoiceField(choices=[why.value for why in Why])


class AssemblySerializer(serializers.Serializer[Any]):
    """Context within a number of tokens, in the order asked for."""

    max_tokens = serializers.IntegerField()
    tokens = serializers.IntegerField()
    given = GivenSerializer(many=True)
    dropped = DroppedSerializer(many=True)


class UploadQuery(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    artifact_type = serializers.ChoiceField(choices=ArtifactType.choices)
    path = serializers.CharField(max_length=MAX_PATH)
    title = serializers.CharField(max_length=500, required=False)
    file_name = serializers.CharField(max_length=1000, required=False)


class ExportQuery(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())


class UseSerializer(serializers.ModelSerializer[ArtifactUse]):
    """That a run was given a version, at which rank, or that there was no room for it."""

    execution = serializers.UUIDField(source="execution_id", read_only=True)

    class Meta:
        model = ArtifactUse
        fields = ("id", "artifact", "execution", "rank", "tokens", "was_dropped", "created_at")
        read_only_fields = fields
