"""Claims, decisions and chains for staff: to read; to withdraw with a reason."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter, with_reason
from common.http import require_principal
from evidence.models import Claim, ClaimEvidence, Decision, DecisionBasis, EvidenceChain, EvidenceChainItem
from evidence.services import retract_argument, withdraw_claim, withdraw_decision


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ("id", "subject", "predicate", "status", "project", "user", "agent", "created_at")
    list_select_related = ("project", "user", "agent")
    list_filter = (reference_filter("project_id", "project", word="project__key"), "status", MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk",)
    search_words = ("subject",)
    search_help_text = "The id of a claim, or what it is about, in full."
    actions = ("withdraw",)
    panels = (Panel(ClaimEvidence, "claim_id", ("evidence_id", "role", "strength", "retracted_at")),)

    @with_reason("Withdraw the chosen claims")
    def withdraw(self, request: HttpRequest, row: Claim, reason: str) -> None:
        withdraw_claim(claim=row, principal=require_principal(request), reason=reason)


@admin.register(ClaimEvidence)
class ClaimEvidenceAdmin(ReadOnlyAdmin):
    list_display = ("id", "claim", "evidence", "role", "strength", "user", "agent", "retracted_at")
    list_select_related = ("claim", "evidence", "user", "agent")
    list_filter = (
        reference_filter("claim_id", "claim"),
        reference_filter("evidence_id", "evidence"),
        "role",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "claim_id", "evidence_id")
    search_help_text = "The id of a claim or of evidence."
    actions = ("take_back",)

    def get_queryset(self, request: HttpRequest) -> Any:
        # Its content may be half a megabyte; only its title is shown.
        return super().get_queryset(request).defer("evidence__content")

    @with_reason("Take the chosen evidence back from its claims")
    def take_back(self, request: HttpRequest, row: ClaimEvidence, reason: str) -> None:
        retract_argument(entry=row, principal=require_principal(request), reason=reason)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("id", "question", "authority", "status", "support_degraded_at", "project", "made_at")
    list_select_related = ("project",)
    list_filter = (
        reference_filter("project_id", "project", word="project__key"),
        "status",
        "authority",
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk",)
    search_help_text = "The id of a decision."
    actions = ("withdraw",)
    panels = (
        Panel(
            DecisionBasis,
            "decision_id",
            ("evidence_id", "claim_id", "role", "load_bearing", "credibility", "uncertainty"),
        ),
    )

    @with_reason("Withdraw the chosen decisions")
    def withdraw(self, request: HttpRequest, row: Decision, reason: str) -> None:
        withdraw_decision(decision=row, principal=require_principal(request), reason=reason)


@admin.register(DecisionBasis)
class DecisionBasisAdmin(ReadOnlyAdmin):
    list_display = ("id", "decision", "evidence", "claim", "role", "load_bearing", "credibility", "uncertainty")
    list_select_related = ("decision", "evidence", "claim")
    list_filter = (reference_filter("decision_id", "decision"), "role", MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "decision_id", "evidence_id", "claim_id")
    search_help_text = "The id of a decision, of evidence or of a claim."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("evidence__content")


@admin.register(EvidenceChain)
class EvidenceChainAdmin(ReadOnlyAdmin):
    list_display = ("id", "description", "primary_evidence", "confidence", "project", "created_at")
    list_select_related = ("project", "primary_evidence")
    list_filter = (
        reference_filter("project_id", "project", word="project__key"),
        reference_filter("primary_evidence_id", "primary evidence"),
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "primary_evidence_id")
    search_help_text = "The id of a chain or of its primary evidence."
    panels = (Panel(EvidenceChainItem, "chain_id", ("ordinal", "role", "evidence_id")),)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("primary_evidence__content")


@admin.register(EvidenceChainItem)
class EvidenceChainItemAdmin(ReadOnlyAdmin):
    list_display = ("id", "chain", "ordinal", "role", "evidence")
    list_select_related = ("chain", "evidence")
    list_filter = (reference_filter("chain_id", "chain"), reference_filter("evidence_id", "evidence"), "role")
    search_fields = ("id",)
    search_ids = ("pk", "chain_id", "evidence_id")
    search_help_text = "The id of a chain or of evidence."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("evidence__content")
