"""Edges between pieces of evidence, and what they change."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from evidence import events
from evidence.models import Evidence, EvidenceLink, EvidenceStatus, LinkKind, ReasonCode
from evidence.permissions import can_retract
from evidence.services.scores import Why, actor_of, lock_scores, rescore, subject_of
from projects.permissions import can_contribute

# What holds both ways is stored once, from the newer to the older.
BOTH_WAYS = frozenset({LinkKind.CONTRADICTS, LinkKind.CORROBORATES, LinkKind.RELATED})
LINEAGE = frozenset({LinkKind.DERIVED_FROM, LinkKind.SUPERSEDES})


@transaction.atomic
def link_evidence(
    *,
    source: Evidence,
    target: Evidence,
    kind: str,
    principal: Principal,
    strength: Decimal = Decimal(1),
    reason: str = "",
) -> EvidenceLink:
    """Say how one piece stands to another of the same project: `source` supports `target`, is derived from it, ….

    Raises `Forbidden` for others than contributors, `Invalid` for an end elsewhere or lineage that points forward in
    time, `Conflict` for a link that stands already.
    """
    if not can_contribute(principal, source.project_id):
        raise Forbidden("Contributors of the project link its evidence.")
    check_ends(source, target, kind)
    if kind in BOTH_WAYS and source.id < target.id:
        source, target = target, source
    as_of = lock_scores(source.project_id)
    ends = {"from_evidence": source, "to_evidence": target, "kind": kind}
    if EvidenceLink.objects.standing().filter(**ends).exists():
        raise Conflict("They are linked like this already.", code="already_linked")
    link = EvidenceLink.objects.create(
        **ends, strength=strength, reason=reason, created_at=as_of, **actor_of(principal)
    )
    record(
        events.EVIDENCE_LINKED,
        subject_of(source),
        reason=reason,
        link_id=str(link.id),
        kind=str(kind),
        to=str(target.id),
        strength=str(strength),
    )
    if kind == LinkKind.SUPERSEDES:
        supersede(target, source)
    rescore([source.id, target.id], as_of, Why(ReasonCode.LINKED, reason, principal))
    return link


def check_ends(source: Evidence, target: Evidence, kind: str) -> None:
    if source.id == target.id:
        raise Invalid("Evidence cannot be linked to itself.", errors={"to": ["The same evidence."]})
    if source.project_id != target.project_id:
        raise Invalid("Both ends belong to one project.", errors={"to": ["There is none with this id."]})
    if kind in LINEAGE and source.id < target.id:
        raise Invalid(
            "Lineage points from newer to older: only what came later is derived from, or supersedes, the other.",
            code="newer_to_older",
            errors={"to": ["Newer than this evidence."]},
        )


def supersede(older: Evidence, newer: Evidence) -> None:
    """Mark what was replaced. It goes on counting: it is still what was seen then."""
    current = Evidence.objects.filter(id=older.id, status=EvidenceStatus.CURRENT)
    if current.update(status=EvidenceStatus.SUPERSEDED):
        record(events.EVIDENCE_SUPERSEDED, subject_of(older), by=str(newer.id))


@transaction.atomic
def retract_link(*, link: EvidenceLink, principal: Principal, reason: str) -> EvidenceLink:
    """Take a link back; it stays to be seen.

    Raises `Forbidden` for others than its maker and independent maintainers, `Conflict` where it was retracted already.
    """
    if not can_retract(principal, link):
        raise Forbidden("Its maker retracts it, or a maintainer to whom neither end belongs.")
    as_of = lock_scores(link.from_evidence.project_id)
    changes: dict[str, Any] = {"retracted_at": as_of, "retracted_by_id": principal.user_id, "retraction_reason": reason}
    if not EvidenceLink.objects.standing().filter(id=link.id).update(**changes):
        raise Conflict("It was retracted already.", code="already_retracted")
    record(
        events.LINK_RETRACTED,
        subject_of(link.from_evidence),
        reason=reason,
        link_id=str(link.id),
        kind=str(link.kind),
        to=str(link.to_evidence_id),
    )
    if link.kind == LinkKind.SUPERSEDES:
        restore(link.to_evidence)
    why = Why(ReasonCode.LINK_RETRACTED, reason, principal)
    rescore([link.from_evidence_id, link.to_evidence_id], as_of, why)
    link.refresh_from_db()
    return link


def restore(older: Evidence) -> None:
    """Put back in force what nothing supersedes any more."""
    if EvidenceLink.objects.standing().filter(to_evidence=older, kind=LinkKind.SUPERSEDES).exists():
        return
    superseded = Evidence.objects.filter(id=older.id, status=EvidenceStatus.SUPERSEDED)
    if superseded.update(status=EvidenceStatus.CURRENT):
        record(events.EVIDENCE_RESTORED, subject_of(older))
