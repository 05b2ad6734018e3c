"""Keeping scores: every change of what counts computes them again, with its history, in the same transaction."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_FLOOR
from typing import Any
from uuid import UUID

from django.db import connection

from audit.services import Subject, record
from common.context import Principal
from evidence import events
from evidence.credibility import DOCUMENT_V1, POLICY_V1, Opinion, Policy, admiralty, assess, places, read_policy, stix
from evidence.models import CredibilityChange, CredibilityPolicy, Evidence, EvidenceLink, EvidenceStatus, ReasonCode
from evidence.queries.facts import Known, known_at
from evidence.services.dependents import follow_scores


@dataclass(frozen=True, slots=True)
class Why:
    """What changed a score: whose doing (nobody's: the platform's), and in their words."""

    code: ReasonCode
    reason: str = ""
    principal: Principal | None = None

    @property
    def actor(self) -> dict[str, UUID | None]:
        return actor_of(self.principal)


def actor_of(principal: Principal | None) -> dict[str, UUID | None]:
    """Return the two columns that say who did it: a person, an agent, or (neither) the platform."""
    if principal is None:
        return {"user_id": None, "agent_id": None}
    return {"user_id": None if principal.is_agent else principal.user_id, "agent_id": principal.agent_id}


def subject_of(evidence: Evidence) -> Subject:
    return Subject(
        type="evidence",
        id=evidence.id,
        label=evidence.title,
        project_id=evidence.project_id,
        task_id=evidence.task_id,
    )


def lock_scores(project_id: UUID) -> datetime:
    """Take the right to change what counts in a project, and return the moment it is changed at.

    Scores depend on their neighbours' attestations and on records over the project. Under this lock everything that
    counts is written with that moment, so an explanation of it sees exactly what the score saw.
    """
    return now_alone(f"evidence scores {project_id}")


def now_alone(name: str) -> datetime:
    """Wait until nobody else holds the lock of this name (until the transaction ends); return the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone()
    return moment  # type: ignore[no-any-return]


def current_policy() -> tuple[CredibilityPolicy, Policy]:
    """Return the newest policy; a tenant's first is version 1, as it ships."""
    row = CredibilityPolicy.objects.order_by("-version").first()
    if row is None:
        first = CredibilityPolicy(
            version=POLICY_V1.version, document=DOCUMENT_V1, sha256=POLICY_V1.sha256, effective_from=beginning()
        )
        CredibilityPolicy.objects.bulk_create([first], ignore_conflicts=True)
        row = CredibilityPolicy.objects.get(version=POLICY_V1.version)
    return row, POLICY_V1 if row.sha256 == POLICY_V1.sha256 else read_policy(row.document)


def beginning() -> datetime:
    """Return a time before all evidence: version 1 is what was in force until another was published."""
    return datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def dependents_of(evidence_id: UUID) -> set[UUID]:
    """Return the pieces whose score may change with this one's attestations: itself and what it is linked to."""
    links = EvidenceLink.objects.touching([evidence_id]).standing().values_list("from_evidence_id", "to_evidence_id")
    return {evidence_id, *(end for ends in links for end in ends)}


def rescore(evidence_ids: Collection[UUID], as_of: datetime, why: Why, *, by_steps: bool = False) -> int:
    """Compute scores again as of a moment, under the score lock; return how many changed.

    `by_steps` leaves alone what has not crossed a step of the policy: decay is worth a line when it shows.
    """
    row, policy = current_policy()
    changed: set[UUID] = set()
    for _, known in sorted(known_at(evidence_ids, policy, as_of).items()):
        opinion = assess(known.piece, policy, as_of)
        if by_steps and step_of(opinion.credibility, policy) == step_of(known.evidence.credibility, policy):
            continue
        if keep(known, opinion, row, policy, as_of, why):
            changed.add(known.evidence.id)
    if changed:
        follow_scores(changed, policy, as_of)
    return len(changed)


def fail_integrity(evidence: Evidence, as_of: datetime) -> None:
    """Believe nothing any more of what does not match its digest, nor of what it supported."""
    row, policy = current_policy()
    known = known_at([evidence.id], policy, as_of)[evidence.id]
    broken = replace(known, piece=replace(known.piece, broken=True))
    Evidence.objects.filter(id=evidence.id).update(status=EvidenceStatus.INTEGRITY_FAILED, credibility=0)
    keep(broken, assess(broken.piece, policy, as_of), row, policy, as_of, Why(ReasonCode.INTEGRITY_FAILED))
    follow_scores([evidence.id], policy, as_of)
    neighbours = dependents_of(evidence.id) - {evidence.id}
    rescore(neighbours, as_of, Why(ReasonCode.DECAYED, "Evidence that spoke of it is broken."))


def step_of(credibility: Any, policy: Policy) -> Any:
    return (credibility / policy.step).to_integral_value(rounding=ROUND_FLOOR)


def keep(known: Known, opinion: Opinion, row: CredibilityPolicy, policy: Policy, as_of: datetime, why: Why) -> bool:
    """Store an opinion, with its line in the history and in the log if it is another one than before."""
    evidence = known.evidence
    previous = (evidence.credibility, evidence.uncertainty)
    changed = previous != (opinion.credibility, opinion.uncertainty) or why.code == ReasonCode.INTEGRITY_FAILED
    if changed:
        event = record(
            events.CREDIBILITY_CHANGED,
            subject_of(evidence),
            reason=why.reason,
            previous=str(previous[0]),
            credibility=str(opinion.credibility),
            uncertainty=str(opinion.uncertainty),
            reason_code=str(why.code),
            policy_sha256=policy.sha256,
        )
        remember(evidence, opinion, row, as_of, why, event.id, previous)
    if opinion.disputed and not evidence.disputed:
        record(events.EVIDENCE_DISPUTED, subject_of(evidence))
    Evidence.objects.filter(id=evidence.id).update(**scores(known, opinion, row, policy, as_of))
    return changed


def scores(known: Known, opinion: Opinion, row: CredibilityPolicy, policy: Policy, as_of: datetime) -> dict[str, Any]:
    """Return the columns of evidence that an opinion fills."""
    upheld, overturned = known.source.upheld, known.source.overturned
    accuracy = round(100 * upheld / (upheld + overturned), 2) if upheld + overturned else None
    return {
        "credibility": opinion.credibility,
        "uncertainty": opinion.uncertainty,
        "disputed": opinion.disputed,
        "policy_id": row.id,
        "as_of": as_of,
        "historical_accuracy": accuracy,
        "credibility_factors": {
            "base_rate": str(opinion.base_rate),
            "confirming": str(opinion.confirming),
            "refuting": str(opinion.refuting),
            "belief": str(opinion.belief),
            "disbelief": str(opinion.disbelief),
            "independent_groups": opinion.groups,
            "admiralty": admiralty(opinion, policy, upheld=upheld, overturned=overturned),
            "stix": stix(opinion),
        },
    }


def remember(
    evidence: Evidence,
    opinion: Opinion,
    row: CredibilityPolicy,
    as_of: datetime,
    why: Why,
    event_id: UUID,
    previous: tuple[Any, Any] = (None, None),
) -> CredibilityChange:
    """Append a line to the history, with everything that was counted."""
    return CredibilityChange.objects.create(
        evidence_id=evidence.id,
        previous_credibility=previous[0],
        previous_uncertainty=previous[1],
        new_credibility=opinion.credibility,
        new_uncertainty=opinion.uncertainty,
        confirming=opinion.confirming,
        refuting=opinion.refuting,
        base_rate=opinion.base_rate,
        as_of=as_of,
        policy=row,
        inputs=[
            {
                "kind": entry.kind,
                "id": entry.id,
                "sign": entry.sign,
                "group": entry.group,
                "weight": str(entry.weight),
                "counted": str(places(entry.counted)),
            }
            for entry in opinion.weights
        ],
        reason_code=why.code,
        reason=why.reason,
        event_id=event_id,
        **why.actor,
    )
