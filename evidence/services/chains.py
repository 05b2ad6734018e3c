"""Chains: evidence put in order for a reader, as strong as the weakest of them."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from evidence import events
from evidence.models import ChainRole, Decision, Evidence, EvidenceChain, EvidenceChainItem
from evidence.services.dependents import chain_confidence, chain_subject, recalculate_chain
from evidence.services.scores import lock_scores
from projects.models import Project
from projects.permissions import can_contribute

MOST_MEMBERS = 100


@transaction.atomic
def make_chain(
    *,
    project: Project,
    principal: Principal,
    primary: Evidence,
    members: Sequence[tuple[Evidence, str]] = (),
    decision: Decision | None = None,
    description: str = "",
) -> EvidenceChain:
    """Put evidence of one project in order: the primary piece, then the others with their roles.

    Raises `Forbidden`, and `Invalid` for a member elsewhere, named twice or one too many.
    """
    require_contributor(principal, project)
    if decision is not None and decision.project_id != project.id:
        raise Invalid("Chain and decision belong to one project.", errors={"decision": ["There is none with this id."]})
    check_members(project, [(primary, ChainRole.PRIMARY.value), *members])
    lock_scores(project.id)
    chain = EvidenceChain(project=project, primary_evidence=primary, decision=decision, description=description)
    rows = {row.id: row for row in Evidence.objects.filter(id__in=[primary.id, *(entry.id for entry, _ in members)])}
    placed = [(ChainRole.PRIMARY.value, rows[primary.id]), *((role, rows[entry.id]) for entry, role in members)]
    chain.confidence = chain_confidence(placed)
    chain.save(force_insert=True)
    EvidenceChainItem.objects.bulk_create(
        EvidenceChainItem(chain=chain, evidence=entry, role=role, ordinal=place)
        for place, (role, entry) in enumerate(placed, start=1)
    )
    record(events.CHAIN_CREATED, chain_subject(chain), items=len(placed), confidence=str(chain.confidence))
    return chain


def require_contributor(principal: Principal, project: Project) -> None:
    if not can_contribute(principal, project.id):
        raise Forbidden("Contributors of the project put its evidence in order.")


def check_members(project: Project, members: Sequence[tuple[Evidence, str]]) -> None:
    if len(members) > MOST_MEMBERS:
        raise Invalid(f"A chain has at most {MOST_MEMBERS} members.", errors={"members": ["Too many."]})
    named = set()
    for place, (entry, _) in enumerate(members):
        where = "primary" if place == 0 else f"members[{place - 1}].evidence"
        if entry.project_id != project.id:
            raise Invalid("A chain is of one project.", errors={where: ["There is none with this id."]})
        if entry.id in named:
            raise Invalid("Each piece is a member once.", errors={where: ["Named before."]})
        named.add(entry.id)


@transaction.atomic
def add_to_chain(*, chain: EvidenceChain, principal: Principal, evidence: Evidence, role: str) -> EvidenceChain:
    """Put one more piece at the end. Raises `Forbidden`, `Invalid` or `Conflict` (it is a member already)."""
    require_contributor(principal, chain.project)
    if evidence.project_id != chain.project_id:
        raise Invalid("A chain is of one project.", errors={"evidence": ["There is none with this id."]})
    lock_scores(chain.project_id)
    items = EvidenceChainItem.objects.filter(chain=chain)
    if items.filter(evidence=evidence).exists():
        raise Conflict("It is a member already.", code="already_member")
    last = items.aggregate(last=Max("ordinal"))["last"] or 0
    if last >= MOST_MEMBERS:
        raise Conflict(f"A chain has at most {MOST_MEMBERS} members.", code="chain_full")
    EvidenceChainItem.objects.create(chain=chain, evidence=evidence, role=role, ordinal=last + 1)
    return note_change(chain, evidence, "added")


@transaction.atomic
def remove_from_chain(*, chain: EvidenceChain, principal: Principal, evidence: Evidence) -> EvidenceChain:
    """Take a member out; the primary one stays. Raises `Forbidden`, `Invalid` or `Conflict`."""
    require_contributor(principal, chain.project)
    lock_scores(chain.project_id)
    item = EvidenceChainItem.objects.filter(chain=chain, evidence=evidence).first()
    if item is None:
        raise Invalid("It is no member.", errors={"evidence": ["Not in this chain."]})
    if item.role == ChainRole.PRIMARY:
        raise Conflict("A chain keeps its primary piece.", code="primary_stays")
    item.delete()
    return note_change(chain, evidence, "removed")


def note_change(chain: EvidenceChain, evidence: Evidence, change: str) -> EvidenceChain:
    record(events.CHAIN_CHANGED, chain_subject(chain), evidence_id=str(evidence.id), change=change)
    chain.refresh_from_db(fields=["confidence"])
    recalculate_chain(chain)
    return chain
