"""Claims, and the evidence put for and against them."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from evidence import events
from evidence.models import Claim, ClaimEvidence, ClaimStatus, Evidence, Role
from evidence.services.dependents import claim_subject, judge_claim, watch_decisions_on
from evidence.services.scores import actor_of, current_policy, lock_scores
from projects.models import Project
from projects.permissions import can_contribute, can_manage


@transaction.atomic
def assert_claim(
    *, project: Project, principal: Principal, subject: str, predicate: str, value: Any, scope: str = ""
) -> Claim:
    """Claim that of `subject`, `predicate` is `value`. Open until evidence speaks. Raises `Forbidden`."""
    if not can_contribute(principal, project.id):
        raise Forbidden("Contributors of the project make claims in it.")
    claim: Claim = Claim.objects.create(
        project=project, subject=subject, predicate=predicate, value=value, scope=scope, **actor_of(principal)
    )
    record(events.CLAIM_ASSERTED, claim_subject(claim), predicate=predicate)
    return claim


@transaction.atomic
def argue_claim(
    *,
    claim: Claim,
    evidence: Evidence,
    principal: Principal,
    role: str,
    strength: Decimal = Decimal(1),
    reason: str = "",
) -> ClaimEvidence:
    """Put evidence of the same project to a claim: for it, against it, or beside it.

    Raises `Forbidden`, `Invalid` for evidence elsewhere, `Conflict` where it was put already or the claim is withdrawn.
    """
    if not can_contribute(principal, claim.project_id):
        raise Forbidden("Contributors of the project put evidence to its claims.")
    if evidence.project_id != claim.project_id:
        raise Invalid("Claim and evidence belong to one project.", errors={"evidence": ["There is none with this id."]})
    lock_open(claim)
    if claim.evidence.standing().filter(evidence=evidence).exists():
        raise Conflict("This evidence was put to the claim already.", code="already_linked")
    entry: ClaimEvidence = ClaimEvidence.objects.create(
        claim=claim, evidence=evidence, role=role, strength=strength, reason=reason, **actor_of(principal)
    )
    record(events.CLAIM_ARGUED, claim_subject(claim), reason=reason, evidence_id=str(evidence.id), role=str(role))
    follow(claim, entry)
    return entry


@transaction.atomic
def retract_argument(*, entry: ClaimEvidence, principal: Principal, reason: str) -> ClaimEvidence:
    """Take evidence back from a claim. Raises `Forbidden` for others than who put it and maintainers, `Conflict`."""
    mine = not principal.is_agent and entry.user_id == principal.user_id
    if not mine and not can_manage(principal, entry.claim.project_id):
        raise Forbidden("Who put it there takes it back, or a maintainer.")
    as_of = lock_open(entry.claim)
    changes: dict[str, Any] = {"retracted_at": as_of, "retracted_by_id": principal.user_id, "retraction_reason": reason}
    if not ClaimEvidence.objects.standing().filter(id=entry.id).update(**changes):
        raise Conflict("It was taken back already.", code="already_retracted")
    record(
        events.CLAIM_ARGUMENT_RETRACTED,
        claim_subject(entry.claim),
        reason=reason,
        evidence_id=str(entry.evidence_id),
        role=str(entry.role),
    )
    follow(entry.claim, entry)
    entry.refresh_from_db()
    return entry


@transaction.atomic
def withdraw_claim(*, claim: Claim, principal: Principal, reason: str) -> Claim:
    """Take a claim back; what was decided on it is marked.

    Raises `Forbidden` for others than its maker and maintainers, `Conflict` where it was withdrawn already.
    """
    mine = not principal.is_agent and claim.user_id == principal.user_id
    if not mine and not can_manage(principal, claim.project_id):
        raise Forbidden("Its maker withdraws a claim, or a maintainer.")
    as_of = lock_open(claim)
    claim.status = ClaimStatus.WITHDRAWN
    Claim.objects.filter(id=claim.id).update(status=ClaimStatus.WITHDRAWN)
    record(events.CLAIM_WITHDRAWN, claim_subject(claim), reason=reason)
    watch_decisions_on(current_policy()[1], as_of, claims=[claim.id])
    return claim


def lock_open(claim: Claim) -> Any:
    """Take the score lock of a claim that stands; raises `Conflict`."""
    as_of = lock_scores(claim.project_id)
    claim.refresh_from_db(fields=["status"])
    if claim.status == ClaimStatus.WITHDRAWN:
        raise Conflict("The claim was withdrawn.", code="claim_withdrawn")
    return as_of


def follow(claim: Claim, entry: ClaimEvidence) -> None:
    """Bring the claim's status, and the decisions on it, up to its evidence."""
    if entry.role == Role.CONTEXT:
        return
    _, policy = current_policy()
    judge_claim(claim, policy)
    watch_decisions_on(policy, lock_scores(claim.project_id), claims=[claim.id])
