"""What was known about evidence at a moment: the rows, as the formula wants them.

Every fact carries the time it was written at, under the project's score lock (services/scores.py). So the same moment
gives the same facts later, and a stored score can be computed again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from evidence.credibility import POLICY_V1, Check, Link, Piece, Policy, assess, own_belief, read_policy
from evidence.models import (
    Attestation,
    CredibilityChange,
    CredibilityPolicy,
    Evidence,
    EvidenceLink,
    LinkKind,
    ReasonCode,
)

PLATFORM, PERSON, AGENT = "platform", "person", "agent"
BOTH_WAYS = (LinkKind.CORROBORATES, LinkKind.CONTRADICTS)
COUNTED = (*BOTH_WAYS, LinkKind.SUPPORTS, LinkKind.DERIVED_FROM)
NOBODY = (None, None)

Who = tuple[UUID | None, UUID | None]
"""a person's id and an agent's: at most one; neither is the platform"""


@dataclass(frozen=True, slots=True)
class Record:
    """How often somebody was right and wrong, by the verdicts of people."""

    upheld: int = 0
    overturned: int = 0

    def __sub__(self, other: "Record") -> "Record":
        return Record(self.upheld - other.upheld, self.overturned - other.overturned)


@dataclass(frozen=True, slots=True)
class Known:
    """One piece with all that counts. `source` is the record of whoever handed it in."""

    evidence: Evidence
    piece: Piece
    source: Record
    labels: Mapping[str, str] = field(default_factory=dict)


def policy_at(evidence: Evidence, as_of: datetime) -> tuple[CredibilityPolicy | None, Policy]:
    """Return the policy a score of that moment is computed with: the stored score's own, else the one in force."""
    if as_of == evidence.as_of and evidence.policy:
        return evidence.policy, read_policy(evidence.policy.document)
    changes = CredibilityChange.objects.filter(evidence_id=evidence.id, as_of=as_of).select_related("policy")
    change = changes.order_by("-id").first()
    row = change.policy if change else CredibilityPolicy.objects.in_force(as_of).first()
    return row, read_policy(row.document) if row else POLICY_V1


def known_at(evidence_ids: Collection[UUID], policy: Policy, as_of: datetime) -> dict[UUID, Known]:
    """Return what was known of each piece (all of one project) at a moment, in as many queries for one as for many."""
    links = list(EvidenceLink.objects.touching(evidence_ids).at(as_of).filter(kind__in=COUNTED).order_by("id"))
    ids = {*evidence_ids, *(link.from_evidence_id for link in links), *(link.to_evidence_id for link in links)}
    rows = {
        row.id: row for row in Evidence.objects.filter(id__in=ids).without_content().select_related("agent", "policy")
    }
    attested: dict[UUID, list[Attestation]] = defaultdict(list)
    for attestation in (
        Attestation.objects.filter(evidence_id__in=ids).at(as_of).select_related("agent").defer("envelope")
    ):
        attested[attestation.evidence_id].append(attestation)
    records = attester_records(rows, attested, as_of)
    broken = set(
        CredibilityChange.objects.filter(
            evidence_id__in=ids, reason_code=ReasonCode.INTEGRITY_FAILED, as_of__lte=as_of
        ).values_list("evidence_id", flat=True)
    )
    alone = {
        row.id: Piece(
            source_type=row.source_type,
            collected_at=row.collected_at or row.created_at,
            mutable=row.mutable,
            broken=row.id in broken,
            checks=[check_of(entry, row, records, as_of) for entry in attested[row.id]],
        )
        for row in rows.values()
    }
    sources = source_records([rows[identifier] for identifier in evidence_ids if identifier in rows], as_of)
    return {
        identifier: Known(
            evidence=rows[identifier],
            piece=with_links(identifier, alone, rows, links, policy, as_of),
            source=sources[identifier],
            labels={str(entry.id): str(entry) for entry in attested[identifier]}
            | {
                str(link.id): f"{link}: {rows[other_end(link, identifier)].title}"
                for link in links
                if touches(link, identifier)
            },
        )
        for identifier in evidence_ids
        if identifier in rows
    }


def check_of(attestation: Attestation, row: Evidence, records: Mapping[Who, Record], as_of: datetime) -> Check:
    who = who_of(attestation)
    record = records.get(who, Record()) - judged_by(row, attestation, as_of)
    return Check(
        id=str(attestation.id),
        method=attestation.method,
        verdict=attestation.verdict,
        attester=PLATFORM if who == NOBODY else PERSON if attestation.user_id else AGENT,
        group=attestation.independence_group,
        finished_on=attestation.finished_on,
        upheld=record.upheld,
        overturned=record.overturned,
        by_issuer=attestation.owner_id is not None and attestation.owner_id == row.issuer_id,
    )


def who_of(attestation: Attestation) -> Who:
    return attestation.user_id, attestation.agent_id


def with_links(
    identifier: UUID,
    alone: Mapping[UUID, Piece],
    rows: Mapping[UUID, Evidence],
    links: Iterable[EvidenceLink],
    policy: Policy,
    as_of: datetime,
) -> Piece:
    """Return the piece with what others say of it, each by its own attestations only."""
    found: list[Link] = []
    inputs: list[Decimal] = []
    for link in links:
        if not touches(link, identifier):
            continue
        other = other_end(link, identifier)
        if link.kind == LinkKind.DERIVED_FROM:
            inputs.append(assess(alone[other], policy, as_of).credibility)
            continue
        expires_at = rows[other].expires_at
        gone = expires_at is not None and expires_at <= as_of
        belief = Decimal(0) if gone else own_belief(alone[other], policy, as_of)
        found.append(Link(str(link.id), link.kind != LinkKind.CONTRADICTS, link.strength, belief))
    return replace(alone[identifier], links=found, derived_from=inputs)


def touches(link: EvidenceLink, identifier: UUID) -> bool:
    """Whether the link changes what is believed of this end: support goes to its target, lineage to what is derived."""
    ends = {
        LinkKind.SUPPORTS: (link.to_evidence_id,),
        LinkKind.DERIVED_FROM: (link.from_evidence_id,),
    }
    return identifier in ends.get(LinkKind(link.kind), (link.from_evidence_id, link.to_evidence_id))


def other_end(link: EvidenceLink, identifier: UUID) -> UUID:
    return link.to_evidence_id if link.from_evidence_id == identifier else link.from_evidence_id


def attester_records(
    rows: Mapping[UUID, Evidence], attested: Mapping[UUID, Iterable[Attestation]], as_of: datetime
) -> dict[Who, Record]:
    """Return T and F of everybody who attested, over the project: their verdicts against those of other people."""
    everybody = {who_of(entry) for entries in attested.values() for entry in entries}
    if not everybody:
        return {}
    confirmed, refuted = Q(verdict="confirm"), Q(verdict="refute")
    good, bad = Q(evidence__verified_at__lte=as_of), Q(evidence__rejected_at__lte=as_of)
    people, agents = {user for user, _ in everybody if user}, {agent for _, agent in everybody if agent}
    by_them = Q(user_id__in=people) | Q(agent_id__in=agents)
    if NOBODY in everybody:
        by_them |= Q(user=None, agent=None)
    judge = Coalesce("evidence__verified_by_id", "evidence__rejected_by_id")
    found = (
        Attestation.objects.at(as_of)
        .filter(by_them, confirmed | refuted, good | bad)
        .filter(evidence__project_id__in={row.project_id for row in rows.values()})
        .annotate(judge=judge)
        .filter(Q(user=None) | ~Q(user_id=F("judge")))
        .order_by()
        .values("user_id", "agent_id")
        .annotate(
            upheld=Count("id", filter=confirmed & good | refuted & bad),
            overturned=Count("id", filter=confirmed & bad | refuted & good),
        )
    )
    return {(row["user_id"], row["agent_id"]): Record(row["upheld"], row["overturned"]) for row in found}


def judged_by(row: Evidence, attestation: Attestation, as_of: datetime) -> Record:
    """Return what this very attestation added to its author's record: it does not speak for itself."""
    good = row.verified_at is not None and row.verified_at <= as_of
    bad = row.rejected_at is not None and row.rejected_at <= as_of
    judge = row.verified_by_id or row.rejected_by_id
    if not (good or bad) or attestation.verdict == "inconclusive" or judge == attestation.user_id:
        return Record()
    right = good == (attestation.verdict == "confirm")
    return Record(int(right), int(not right))


def source_records(rows: Iterable[Evidence], as_of: datetime) -> dict[UUID, Record]:
    """Return, for each piece, how often other evidence of the same source in the project was verified and rejected."""
    pieces = list(rows)
    good, bad = Q(verified_at__lte=as_of), Q(rejected_at__lte=as_of)
    found = (
        Evidence.objects.filter(good | bad, project_id__in={row.project_id for row in pieces})
        .filter(Q(agent_id__in={row.agent_id for row in pieces}) | Q(author_id__in={row.author_id for row in pieces}))
        .order_by()
        .values("author_id", "agent_id")
        .annotate(upheld=Count("id", filter=good), overturned=Count("id", filter=bad))
    )
    totals: dict[Who, Record] = {
        (row["author_id"], row["agent_id"]): Record(row["upheld"], row["overturned"]) for row in found
    }
    return {row.id: totals.get((row.author_id, row.agent_id), Record()) - own_verdict(row, as_of) for row in pieces}


def own_verdict(row: Evidence, as_of: datetime) -> Record:
    good = row.verified_at is not None and row.verified_at <= as_of
    bad = row.rejected_at is not None and row.rejected_at <= as_of
    return Record(int(good), int(bad))
