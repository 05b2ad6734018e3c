"""The context store for staff: its content is read; tags change, and what is no longer of use is taken out."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from evidence.models import Artifact, ArtifactUse
from evidence.services.artifacts import delete_artifact, tag_artifact

LARGE = ("content", "content_text", "search", "embedding")
COLUMNS = ("path", "version", "title", "is_current", "created_at")


@admin.register(Artifact)
class ArtifactAdmin(ServiceAdmin):
    list_display = ("path", "artifact_type", "granularity", "version", "is_current", "project", "created_at")
    list_select_related = ("project",)
    list_filter = (
        reference_filter("project_id", "project", word="project__key"),
        reference_filter("parent_id", "part of"),
        reference_filter("supersedes_id", "version after"),
        "granularity",
        "artifact_type",
        "is_current",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "source_execution_id", "parent_id")
    search_help_text = "The id of an artifact, of what it is a part of, or of the run that wrote it."
    fields = (
        "project",
        "artifact_type",
        "granularity",
        "parent",
        "path",
        "ordinal",
        "title",
        "tags",
        "version",
        "supersedes",
        "is_current",
        "media_type",
        "content",
        "content_text",
        "content_sha256",
        "file_sha256",
        "file_size",
        "token_estimate",
        "source_agent",
        "source_execution_id",
        "created_by",
        "metadata",
        "embedding_model",
        "created_at",
        "updated_at",
    )
    changeable = ("tags",)
    actions = ("remove",)
    panels = (
        Panel(Artifact, "supersedes_id", COLUMNS, title="The version after this"),
        Panel(Artifact, "parent_id", COLUMNS, title="Newest parts"),
        Panel(ArtifactUse, "artifact_id", ("execution_id", "rank", "tokens", "was_dropped", "created_at")),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # What is large is read on its own page.
        return super().get_queryset(request).defer(*LARGE)

    def update(self, request: HttpRequest, row: Artifact, changes: dict[str, Any]) -> Artifact:
        return tag_artifact(artifact=row, tags=changes.get("tags", row.tags))

    @with_reason("Delete the chosen artifacts with all their versions and parts")
    def remove(self, request: HttpRequest, row: Artifact, reason: str) -> None:
        delete_artifact(artifact=row, reason=reason)


@admin.register(ArtifactUse)
class ArtifactUseAdmin(ReadOnlyAdmin):
    list_display = ("execution_id", "rank", "artifact", "tokens", "was_dropped", "created_at")
    list_select_related = ("artifact",)
    list_filter = (
        reference_filter("artifact_id", "artifact"),
        reference_filter("execution_id", "run"),
        "was_dropped",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "execution_id", "artifact_id")
    search_help_text = "The id of a run or of an artifact."
    fields = ("artifact", "execution_id", "rank", "tokens", "was_dropped", "created_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*(f"artifact__{name}" for name in LARGE))
