"""What is said about evidence, for staff: to read; to revoke an attestation or retract a link with a reason."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import MadeFilter, ReadOnlyAdmin, reference_filter, with_reason
from common.http import require_principal
from evidence.models import Attestation, AttestationRevocation, CredibilityChange, CredibilityPolicy, EvidenceLink
from evidence.services import retract_link, revoke_attestation


@admin.register(Attestation)
class AttestationAdmin(ReadOnlyAdmin):
    list_display = ("id", "evidence", "method", "verdict", "user", "agent", "independence_group", "created_at")
    list_select_related = ("evidence__agent", "user", "agent")
    list_filter = (reference_filter("evidence_id", "evidence"), "method", "verdict", MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "evidence_id")
    search_words = ("key_fingerprint",)
    search_help_text = "The id of an attestation or of evidence, or a key's fingerprint."
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> Any:
        # Its content may be half a megabyte; only its title is shown.
        return super().get_queryset(request).defer("evidence__content")

    @with_reason("Revoke the chosen attestations")
    def revoke(self, request: HttpRequest, row: Attestation, reason: str) -> None:
        revoke_attestation(attestation=row, principal=require_principal(request), reason=reason)


@admin.register(AttestationRevocation)
class AttestationRevocationAdmin(ReadOnlyAdmin):
    list_display = ("id", "attestation", "user", "agent", "reason", "created_at")
    list_select_related = ("attestation", "user", "agent")
    list_filter = (MadeFilter,)
    search_fields = ("id",)
    search_ids = ("pk", "attestation_id")
    search_help_text = "The id of a revocation or of an attestation."


@admin.register(EvidenceLink)
class EvidenceLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "from_evidence", "kind", "to_evidence", "strength", "user", "agent", "retracted_at")
    list_select_related = ("from_evidence__agent", "to_evidence__agent", "user", "agent")
    list_filter = (
        reference_filter("from_evidence_id", "from evidence"),
        reference_filter("to_evidence_id", "to evidence"),
        "kind",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "from_evidence_id", "to_evidence_id")
    search_help_text = "The id of a link or of the evidence at either end."
    actions = ("retract",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("from_evidence__content", "to_evidence__content")

    @with_reason("Retract the chosen links")
    def retract(self, request: HttpRequest, row: EvidenceLink, reason: str) -> None:
        retract_link(link=row, principal=require_principal(request), reason=reason)


@admin.register(CredibilityChange)
class CredibilityChangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "evidence", "previous_credibility", "new_credibility", "reason_code", "user", "created_at")
    list_select_related = ("evidence", "user")
    list_filter = (reference_filter("evidence_id", "evidence"), "reason_code", MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "evidence_id")
    search_help_text = "The id of a change or of evidence."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("evidence__content")


@admin.register(CredibilityPolicy)
class CredibilityPolicyAdmin(ReadOnlyAdmin):
    list_display = ("version", "sha256", "effective_from", "user", "note")
    list_select_related = ("user",)
    search_fields = ("id",)
    search_ids = ("pk",)
    search_help_text = "The id of a policy."
