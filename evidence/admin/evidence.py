"""Evidence for staff: to read; to verify or reject with a reason."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter, with_reason
from common.http import require_principal
from evidence.models import Attestation, CredibilityChange, Evidence, EvidenceLink
from evidence.services import reject_evidence, verify_evidence

HISTORY = ("created_at", "previous_credibility", "new_credibility", "reason_code")
STATE = ("strength", "retracted_at")


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "title",
        "source_type",
        "grade",
        "credibility",
        "status",
        "project",
        "agent",
        "author",
        "verified_at",
        "rejected_at",
    )
    list_select_related = ("project", "agent", "author")
    list_filter = (
        reference_filter("project_id", "project", word="project__key"),
        reference_filter("task_id", "task"),
        "status",
        "confidence",
        "grade",
        "source_type",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_help_text = "The id of evidence or of a task."
    fields = (
        "project",
        "task_id",
        "execution_id",
        "agent",
        "author",
        "source_type",
        "grade",
        "title",
        "description",
        "data",
        "content_sha256",
        "content_size",
        "tags",
        "collected_at",
        "expires_at",
        "status",
        "credibility",
        "uncertainty",
        "confidence",
        "disputed",
        "credibility_factors",
        "historical_accuracy",
        "policy",
        "as_of",
        "verified_at",
        "verified_by",
        "rejected_at",
        "rejected_by",
        "review_note",
        "created_at",
    )
    actions = ("verify", "reject")
    panels = (
        Panel(CredibilityChange, "evidence_id", HISTORY),
        Panel(Attestation, "evidence_id", ("method", "verdict", "independence_group", "created_at")),
        Panel(EvidenceLink, "from_evidence_id", ("kind", "to_evidence_id", *STATE), title="Links"),
        Panel(EvidenceLink, "to_evidence_id", ("kind", "from_evidence_id", *STATE), title="Linked from"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # Half a megabyte a piece; its page shows it.
        return super().get_queryset(request).defer("content")

    @with_reason("Verify the chosen evidence")
    def verify(self, request: HttpRequest, row: Evidence, reason: str) -> None:
        verify_evidence(evidence=row, principal=require_principal(request), note=reason)

    @with_reason("Reject the chosen evidence")
    def reject(self, request: HttpRequest, row: Evidence, reason: str) -> None:
        reject_evidence(evidence=row, principal=require_principal(request), note=reason)
