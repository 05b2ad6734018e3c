"""The context store: what people and agents wrote down for each other, at three grains."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Lower

from accounts.models import User
from agents.models import Agent
from common.models import IN_USE, GinQueryIndex, InUse, QueryIndex, SoftDeleteModel, TenantForeignKey, TenantRow, one_of
from evidence.models.shared import older, together
from evidence.querysets import ArtifactQuerySet, ArtifactUseQuerySet
from projects.models import Project

# A tsvector holds at most a megabyte; what lies beyond this is kept and not searched.
SEARCHED_CHARACTERS = 200_000


class ArtifactType(models.TextChoices):
    PROJECT_PLAN = "project_plan", "Project plan"
    SOFTWARE_SPECIFICATION = "software_specification", "Software specification"
    IMPLEMENTATION_PLAN = "implementation_plan", "Implementation plan"
    SYSTEM_ARCHITECTURE = "system_architecture", "System architecture"
    SOURCE_CODE = "source_code", "Source code"
    TEST_RESULTS = "test_results", "Test results"
    DEPLOYMENT_LOG = "deployment_log", "Deployment log"
    DEPLOYMENT_PACKAGE = "deployment_package", "Deployment package"
    USER_INPUT = "user_input", "User input"
    AGENT_OUTPUT = "agent_output", "Agent output"
    HITL_RESPONSE = "hitl_response", "Answer of a person"


class Granularity(models.TextChoices):
    DOCUMENT = "document", "Document"
    SECTION = "section", "Section"
    CONCEPT = "concept", "Concept"


class Artifact(SoftDeleteModel):
    """One version of a document, of a section of one, or of a concept in either. A change is a new version.

    The body is `content` (JSON) with its text in `content_text`, or a file in storage named by its digest. `embedding`
    is optional and belongs to `embedding_model`; vectors are ranked exactly, within a project.
    """

    project = TenantForeignKey(Project, related_name="artifacts", db_index=False)
    artifact_type = models.CharField(max_length=30, choices=ArtifactType.choices)
    granularity = models.CharField(max_length=10, choices=Granularity.choices, default=Granularity.DOCUMENT)
    parent = TenantForeignKey("self", null=True, related_name="children", db_index=False)
    path = models.CharField(max_length=500)
    ordinal = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=500, default="", blank=True)

    content = models.JSONField(default=dict)
    content_text = models.TextField(default="", blank=True)
    content_sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=255, default="application/json")
    file_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001  # NULL: the body is in this row
    file_size = models.PositiveBigIntegerField(null=True)
    token_estimate = models.PositiveIntegerField(default=0)

    version = models.PositiveIntegerField(default=1)
    supersedes = TenantForeignKey("self", null=True, related_name="superseded_by")
    is_current = models.BooleanField(default=True, editable=False)

    source_agent = TenantForeignKey(Agent, null=True, related_name="artifacts")
    source_execution_id = models.UUIDField(null=True, editable=False)
    created_by = TenantForeignKey(User, null=True, related_name="artifacts")
    metadata = models.JSONField(default=dict, blank=True)
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector(Left("content_text", SEARCHED_CHARACTERS), weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    embedding = ArrayField(models.FloatField(), null=True, editable=False)
    embedding_model = models.CharField(max_length=100, null=True, editable=False)  # noqa: DJ001  # with the other two
    embedding_dimension = models.PositiveSmallIntegerField(null=True, editable=False)

    objects = InUse.from_queryset(ArtifactQuerySet)()
    all_objects = ArtifactQuerySet.as_manager()

    class Meta(SoftDeleteModel.Meta):
        ordering = ("-id",)
        constraints = (
            one_of("artifact_type", ArtifactType, name="evidence_artifact_artifact_type"),
            one_of("granularity", Granularity, name="evidence_artifact_granularity"),
            # a trigger adds that the parent is coarser and of the same project
            models.CheckConstraint(
                condition=Q(granularity=Granularity.DOCUMENT.value, parent__isnull=True)
                | (~Q(granularity=Granularity.DOCUMENT.value) & Q(parent__isnull=False)),
                name="evidence_artifact_parent",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="evidence_artifact_not_its_own_parent"
            ),
            models.CheckConstraint(condition=older("supersedes"), name="evidence_artifact_supersedes_older"),
            models.CheckConstraint(
                condition=Q(version=1, supersedes__isnull=True) | Q(version__gt=1, supersedes__isnull=False),
                name="evidence_artifact_version",
            ),
            models.CheckConstraint(
                condition=Q(source_agent__isnull=False) | Q(created_by__isnull=False), name="evidence_artifact_source"
            ),
            models.CheckConstraint(
                condition=Q(content_sha256__regex="^[0-9a-f]{64}$"), name="evidence_artifact_sha256"
            ),
            together("file_sha256", "file_size", name="evidence_artifact_file"),
            together("embedding", "embedding_model", "embedding_dimension", name="evidence_artifact_embedding"),
            models.CheckConstraint(
                condition=Q(embedding__isnull=True) | Q(embedding__len=F("embedding_dimension")),
                name="evidence_artifact_embedding_dimension",
            ),
            models.UniqueConstraint(
                "tenant",
                "project",
                "artifact_type",
                Lower("path"),
                condition=IN_USE & Q(is_current=True),
                name="evidence_artifact_current",
            ),
            models.UniqueConstraint(
                "tenant",
                "project",
                "artifact_type",
                Lower("path"),
                "version",
                condition=IN_USE,
                name="evidence_artifact_versions",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the artifacts of one project, newest first, by grain or all",
                fields=["tenant", "project", "granularity", "-id"],
                name="evidence_artifact_project",
            ),
            QueryIndex(
                serves="the sections of a document and the concepts of either, in order",
                fields=["tenant", "parent", "ordinal"],
                name="evidence_artifact_children",
            ),
            QueryIndex(
                serves="what one run wrote down",
                fields=["tenant", "source_execution_id", "-id"],
                condition=Q(source_execution_id__isnull=False),
                name="evidence_artifact_execution",
            ),
            QueryIndex(
                serves="whether an artifact still has a stored body, for the sweep of orphans",
                fields=["tenant", "file_sha256"],
                condition=Q(file_sha256__isnull=False),
                name="evidence_artifact_file_sha256",
            ),
            GinQueryIndex(
                serves="sec.search_artifacts: artifacts of a project by their words",
                fields=["search"],
                name="evidence_artifact_search",
            ),
        )

    def __str__(self) -> str:
        return self.title or self.path


class ArtifactUse(TenantRow):
    """That a run was given an artifact, at which rank, or that there was no room for it."""

    artifact = TenantForeignKey(Artifact, related_name="uses", db_index=False)
    execution_id = models.UUIDField(editable=False)
    rank = models.PositiveIntegerField()
    tokens = models.PositiveIntegerField()
    was_dropped = models.BooleanField(default=False)

    objects = ArtifactUseQuerySet.as_manager()

    class Meta:
        ordering = ("execution_id", "rank")
        constraints = (
            # one artifact may be given to a run again, at another rank
            models.UniqueConstraint(fields=["tenant", "execution_id", "rank"], name="evidence_artifactuse_rank"),
        )
        indexes = (
            QueryIndex(
                serves="the runs that saw one artifact",
                fields=["tenant", "artifact", "-id"],
                name="evidence_artifactuse_artifact",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rank}. {self.artifact_id}"
