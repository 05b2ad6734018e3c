"""What time does to evidence: it expires, its checks age, records of attesters grow, disks rot.

Each sweep does one batch in one transaction; a job repeats it until nothing is left.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Coalesce

from audit.services import Subject, record
from common.ids import sha256_hex
from common.models import ClockTimestamp
from evidence import events
from evidence.models import Attestation, Evidence, EvidenceLink, EvidenceStatus, ReasonCode
from evidence.services.dependents import follow_scores
from evidence.services.scores import (
    Why,
    current_policy,
    dependents_of,
    fail_integrity,
    lock_scores,
    rescore,
    subject_of,
)

BATCH = 200
# Half a megabyte each at most.
CONTENT_BATCH = 50

Row = TypeVar("Row")


def by_project(rows: Iterable[Row], key: Callable[[Row], UUID]) -> list[tuple[UUID, list[Row]]]:
    """Return rows by project, in the order in which score locks are taken."""
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return sorted(found.items())


@transaction.atomic
def expire_evidence() -> int:
    """Mark what has run out; return how many. What it supported loses that support."""
    due = Evidence.objects.filter(status=EvidenceStatus.CURRENT, expires_at__lte=ClockTimestamp()).without_content()
    expired = list(due.order_by("expires_at")[:BATCH])
    for project_id, rows in by_project(expired, lambda row: row.project_id):
        as_of = lock_scores(project_id)
        for row in rows:
            if Evidence.objects.filter(id=row.id, status=EvidenceStatus.CURRENT).update(status=EvidenceStatus.EXPIRED):
                record(events.EVIDENCE_EXPIRED, subject_of(row))
        ids = {row.id for row in rows}
        follow_scores(ids, current_policy()[1], as_of)
        neighbours = {end for identifier in ids for end in dependents_of(identifier)} - ids
        rescore(neighbours, as_of, Why(ReasonCode.DECAYED, "Evidence that spoke of it has expired."))
    return len(expired)


@transaction.atomic
def apply_policy() -> int:
    """Compute again, under the newest policy, what was computed under another one or under none; return how many."""
    row, _ = current_policy()
    outdated = Evidence.objects.filter(Q(policy=None) | ~Q(policy=row))
    due = list(outdated.order_by("id").values_list("id", "project_id")[:BATCH])
    for project_id, rows in by_project(due, lambda entry: entry[1]):
        rescore([identifier for identifier, _ in rows], lock_scores(project_id), Why(ReasonCode.POLICY_CHANGED))
    return len(due)


@transaction.atomic
def apply_records() -> int:
    """Compute again what was attested by people whose record has changed since; return how many."""
    verdict = Coalesce("verified_at", "rejected_at")
    judged = Evidence.objects.exclude(verified_at=None, rejected_at=None).order_by().values("project_id")
    attested = Exists(Attestation.objects.filter(evidence_id=OuterRef("id")))
    count = 0
    for project in judged.annotate(newest=Max(verdict)).order_by("project_id"):
        behind = Evidence.objects.filter(attested, project_id=project["project_id"], as_of__lt=project["newest"])
        ids = list(behind.order_by("id").values_list("id", flat=True)[:BATCH])
        if ids:
            rescore(ids, lock_scores(project["project_id"]), Why(ReasonCode.ATTESTER_RECORD_CHANGED))
        count += len(ids)
    return count


@transaction.atomic
def apply_decay(*, after: UUID | None = None) -> UUID | None:
    """Compute again what ages, behind `after`; return the last one of the batch, None at the end.

    A score is stored again when it has crossed a step of the policy, not at every tick.
    """
    attested = Exists(Attestation.objects.filter(evidence_id=OuterRef("id")))
    ends = Q(from_evidence=OuterRef("id")) | Q(to_evidence=OuterRef("id"))
    linked = Exists(EvidenceLink.objects.standing().filter(ends))
    ageing = Evidence.objects.filter(Q(mutable=True) | Q(attested) | Q(linked))
    if after is not None:
        ageing = ageing.filter(id__gt=after)
    batch = list(ageing.order_by("id").values_list("id", "project_id")[:BATCH])
    for project_id, rows in by_project(batch, lambda entry: entry[1]):
        ids = [identifier for identifier, _ in rows]
        rescore(ids, lock_scores(project_id), Why(ReasonCode.DECAYED), by_steps=True)
    return batch[-1][0] if batch else None


@transaction.atomic
def scrub_content(*, slice_of: str, after: UUID | None = None) -> UUID | None:
    """Read stored content behind `after` and compare it with its digest; return the last one of the batch.

    `slice_of` is the hex digit its digest begins with: one digit a day reads everything once in sixteen days.
    """
    stored = Evidence.objects.filter(content_sha256__startswith=slice_of).exclude(content=None)
    if after is not None:
        stored = stored.filter(id__gt=after)
    batch = list(stored.order_by("id")[:CONTENT_BATCH])
    for project_id, rows in by_project(batch, lambda row: row.project_id):
        broken = [row for row in rows if digest_found(row) != row.content_sha256]
        if len(broken) < len(rows):
            subject = Subject(type="project", id=project_id, project_id=project_id)
            record(events.CONTENT_VERIFIED, subject, checked=len(rows) - len(broken))
        fail(broken)
    return batch[-1].id if batch else None


def digest_found(evidence: Evidence) -> str:
    return sha256_hex((evidence.content or "").encode())


def fail(broken: Iterable[Evidence]) -> None:
    for row in broken:
        as_of: datetime = lock_scores(row.project_id)
        failed = Evidence.objects.filter(id=row.id).exclude(status=EvidenceStatus.INTEGRITY_FAILED)
        if failed.exists():
            record(events.CONTENT_MISMATCH, subject_of(row), expected=row.content_sha256, found=digest_found(row))
            fail_integrity(row, as_of)
