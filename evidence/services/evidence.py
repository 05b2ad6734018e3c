"""Every write about a piece of evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from common.ids import sha256_hex
from evidence import events
from evidence.credibility import Piece, assess
from evidence.models import Evidence, EvidenceStatus, Grade, Method, ReasonCode, Verdict
from evidence.permissions import can_review
from evidence.queries.facts import Known, source_records
from evidence.services.attestations import CLOCK_SKEW, witnessed
from evidence.services.dependents import follow_scores
from evidence.services.scores import Why, current_policy, lock_scores, remember, scores, subject_of
from projects.permissions import can_contribute
from projects.services import retract_proof
from projects.services.shared import lock_project

MAX_CONTENT = 512 * 1024

# What the sender says about a piece; everything else about it is found here.
DESCRIBING = frozenset(
    {
        "description",
        "data",
        "source_name",
        "source_url",
        "media_type",
        "subject_uri",
        "subject_digest",
        "mutable",
        "collected_at",
        "expires_at",
        "metadata",
        "tags",
    }
)


@dataclass(frozen=True, slots=True)
class About:
    """What evidence is about: ids only, the task lives above this app."""

    project_id: UUID
    task_id: UUID | None = None
    execution_id: UUID | None = None
    task_label: str = ""


@transaction.atomic
def submit_evidence(
    *,
    about: About,
    source_type: str,
    title: str,
    content: str | None = None,
    content_sha256: str = "",
    agent_id: UUID | None = None,
    author_id: UUID | None = None,
    **more: Any,
) -> Evidence:
    """Register evidence. The grade is ours to give, not the sender's to claim.

    Content that an agent hands in under a lease is hashed here and counts as reported by a runner; a bare digest is the
    sender's own assertion; what a person hands in is by a person. `more` are the columns of `DESCRIBING`. Raises
    `Invalid` for a digest that differs or an end before the beginning.
    """
    grade = grade_of(by_agent=agent_id is not None, with_content=content is not None)
    digest, size = measure(content, content_sha256)
    columns = {"content": content, "content_sha256": digest, "content_size": size, "grade": grade}
    return register(about, {"agent_id": agent_id, "author_id": author_id}, source_type, title, columns, more)


@transaction.atomic
def contribute_evidence(*, principal: Principal, about: About, **piece: Any) -> Evidence:
    """Register what a person hands in outside a run. It is that person's assertion: no runner saw it.

    Raises `Forbidden` for others than contributors, `Invalid` for a task of another project.
    """
    return contribute(principal, about, piece)


@transaction.atomic
def contribute_all(*, principal: Principal, pieces: Sequence[tuple[About, dict[str, Any]]]) -> list[Evidence]:
    """Register many at once, all or none. Raises what `contribute_evidence` raises, naming `items[3].title`."""
    made = []
    for place, (about, piece) in enumerate(pieces):
        try:
            made.append(contribute(principal, about, piece))
        except Invalid as error:
            named = {f"items[{place}].{name}": words for name, words in error.extra.get("errors", {}).items()}
            raise Invalid(error.detail, code=error.code, errors=named) from error
    return made


def contribute(principal: Principal, about: About, piece: dict[str, Any]) -> Evidence:
    if principal.is_agent or not can_contribute(principal, about.project_id):
        raise Forbidden("Contributors of the project hand in evidence; agents do it in their runs.")
    columns = dict(piece)
    content, claimed = columns.pop("content", None), columns.pop("content_sha256", "")
    source_type, title = columns.pop("source_type"), columns.pop("title")
    digest, size = measure(content, claimed)
    fixed = {"content": content, "content_sha256": digest, "content_size": size, "grade": Grade.SELF_ASSERTED}
    evidence = register(about, {"author_id": principal.user_id}, source_type, title, fixed, columns)
    events.evidence_contributed.send(Evidence, evidence=evidence)
    return evidence


def register(
    about: About,
    issuer: dict[str, UUID | None],
    source_type: str,
    title: str,
    content: dict[str, Any],
    more: dict[str, Any],
) -> Evidence:
    """Insert evidence with its first score and the first line of its history."""
    surplus = set(more) - DESCRIBING
    if surplus:
        raise TypeError(f"evidence has no {', '.join(sorted(surplus))} to hand in")
    as_of = timezone.now()
    columns = {name: value for name, value in more.items() if value is not None}
    collected_at = columns.setdefault("collected_at", as_of)
    check_times(collected_at, columns.get("expires_at"), as_of)
    row, policy = current_policy()
    piece = Piece(source_type, collected_at, mutable=columns.get("mutable", False))
    opinion = assess(piece, policy, as_of)
    evidence = Evidence(
        project_id=about.project_id,
        task_id=about.task_id,
        execution_id=about.execution_id,
        source_type=source_type,
        title=title,
        created_at=as_of,
        **issuer,
        **content,
        **columns,
    )
    known = Known(evidence, piece, source_records([evidence], as_of)[evidence.id])
    for name, value in scores(known, opinion, row, policy, as_of).items():
        setattr(evidence, name, value)
    evidence.save(force_insert=True)
    event = record(
        events.EVIDENCE_REGISTERED,
        subject_of(evidence),
        source_type=str(source_type),
        grade=str(evidence.grade),
        content_sha256=evidence.content_sha256,
        exit_code=evidence.exit_code,
    )
    remember(evidence, opinion, row, as_of, Why(ReasonCode.CREATED), event.id)
    return evidence


def check_times(collected_at: datetime, expires_at: datetime | None, now: datetime) -> None:
    if collected_at > now + CLOCK_SKEW:
        raise Invalid("It cannot have been collected yet.", errors={"collected_at": ["In the future."]})
    if expires_at is not None and expires_at <= now:
        raise Invalid("It would expire before it is handed in.", errors={"expires_at": ["In the past."]})


@transaction.atomic
def tag_evidence(*, evidence: Evidence, tags: Sequence[str]) -> Evidence:
    """Replace the tags: the one thing about evidence that anybody who works with it may order anew."""
    chosen = list(dict.fromkeys(tags))
    Evidence.objects.select_for_update(no_key=True).get(id=evidence.id)
    Evidence.objects.filter(id=evidence.id).update(tags=chosen)
    record(events.EVIDENCE_TAGGED, subject_of(evidence), tags=chosen)
    evidence.refresh_from_db()
    return evidence


def measure(content: str | None, claimed: str) -> tuple[str, int | None]:
    """Return digest and size of the content, or the claimed digest where only that was handed in."""
    if content is None:
        if not claimed:
            raise Invalid("Hand in content, or its content_sha256.", errors={"content": ["Required."]})
        return claimed, None
    raw = content.encode()
    if len(raw) > MAX_CONTENT:
        raise Invalid(
            f"Content is limited to {MAX_CONTENT} bytes; send the rest to the run log.",
            code="content_too_large",
            errors={"content": [f"{len(raw)} bytes."]},
        )
    digest = sha256_hex(raw)
    if claimed and claimed != digest:
        raise Invalid(
            "content_sha256 is not the digest of content: it was changed on the way.",
            code="digest_mismatch",
            errors={"content_sha256": [f"The content's digest is {digest}."]},
        )
    return digest, len(raw)


def grade_of(*, by_agent: bool, with_content: bool) -> Grade:
    if not by_agent:
        return Grade.HUMAN
    return Grade.RUNNER_REPORTED if with_content else Grade.SELF_ASSERTED


@transaction.atomic
def verify_evidence(*, evidence: Evidence, principal: Principal, note: str = "") -> Evidence:
    """Say, as a person who did not make it, that it holds. Raises `Forbidden` or `Conflict`."""
    review(evidence, principal, note, Verdict.CONFIRM, at="verified_at", by="verified_by_id")
    record(events.EVIDENCE_VERIFIED, subject_of(evidence), reason=note)
    return evidence


@transaction.atomic
def reject_evidence(*, evidence: Evidence, principal: Principal, note: str) -> Evidence:
    """Say that it does not hold: it counts for no criterion from now on, and checks that rest on it are open again.

    Raises `Forbidden` or `Conflict`.
    """
    require_reviewer(principal, evidence)
    # In the order of all who lock these: the project, the task, its gates, the scores.
    lock_project(evidence.project_id)
    events.evidence_rejecting.send(Evidence, evidence=evidence)
    retract_proof(evidence_id=evidence.id, reason=note)
    review(evidence, principal, note, Verdict.REFUTE, at="rejected_at", by="rejected_by_id")
    record(events.EVIDENCE_REJECTED, subject_of(evidence), reason=note)
    events.evidence_rejected.send(Evidence, evidence=evidence)
    return evidence


def require_reviewer(principal: Principal, evidence: Evidence) -> None:
    if not can_review(principal, evidence):
        raise Forbidden("Maintainers review evidence, and never their own or their agents'.", code="own_evidence")


def review(evidence: Evidence, principal: Principal, note: str, verdict: Verdict, *, at: str, by: str) -> None:
    """Give the one verdict, and the attestation of a person's review underneath that credibility is computed from."""
    require_reviewer(principal, evidence)
    as_of = lock_scores(evidence.project_id)
    undecided = Evidence.objects.filter(id=evidence.id, verified_at=None, rejected_at=None)
    if not undecided.update(review_note=note, **{at: as_of, by: principal.user_id}):
        raise Conflict("This evidence was reviewed already.", code="already_reviewed")
    evidence.refresh_from_db()
    if evidence.status != EvidenceStatus.INTEGRITY_FAILED:
        witnessed(evidence, principal, Method.HUMAN_REVIEW, verdict, note, as_of)
    if verdict == Verdict.REFUTE:
        follow_scores([evidence.id], current_policy()[1], as_of)
    evidence.refresh_from_db()
