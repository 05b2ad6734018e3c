"""Every write about a piece of evidence."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.services import Subject, record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from common.ids import sha256_hex
from evidence import events
from evidence.models import Evidence, Grade, SourceType
from evidence.permissions import can_review

MAX_CONTENT = 512 * 1024

# Base rates `a`: where a source type starts before anybody checks it (policy version 1).
BASE_RATE = {
    SourceType.TEST_RESULT: ".80",
    SourceType.GITHUB_ACTION: ".85",
    SourceType.STATIC_ANALYSIS: ".70",
    SourceType.SECURITY_SCAN: ".65",
    SourceType.COVERAGE_REPORT: ".75",
    SourceType.CODE_REVIEW: ".75",
    SourceType.CODE_ANALYSIS: ".65",
    SourceType.PERFORMANCE_PROFILE: ".65",
    SourceType.DEPENDENCY_CHECK: ".75",
    SourceType.METRICS: ".70",
    SourceType.DOCUMENTATION: ".60",
    SourceType.EXTERNAL_API: ".55",
    SourceType.USER_FEEDBACK: ".50",
    SourceType.AI_MODEL_OUTPUT: ".25",
    SourceType.CUSTOM: ".20",
    SourceType.FORMAL_PROOF: ".97",
    SourceType.REPRODUCIBLE_BUILD: ".95",
    SourceType.SIGNED_PROVENANCE: ".92",
    SourceType.PLATFORM_OBSERVATION: ".90",
    SourceType.VCS_COMMIT: ".90",
    SourceType.STANDARD_SPECIFICATION: ".90",
    SourceType.CI_TEST_RUN: ".85",
    SourceType.OFFICIAL_DOCUMENTATION: ".80",
    SourceType.VULNERABILITY_ADVISORY: ".80",
    SourceType.HUMAN_CODE_REVIEW: ".75",
    SourceType.RUNTIME_METRIC: ".75",
    SourceType.PEER_REVIEWED_PAPER: ".75",
    SourceType.HUMAN_EXPERT_STATEMENT: ".70",
    SourceType.TOOL_OUTPUT: ".70",
    SourceType.RUNTIME_LOG: ".65",
    SourceType.BENCHMARK_RESULT: ".65",
    SourceType.THIRD_PARTY_ATTESTATION: ".60",
    SourceType.DATASET_RECORD: ".55",
    SourceType.HUMAN_REPORT: ".50",
    SourceType.PREPRINT_OR_BLOG: ".50",
    SourceType.ISSUE_REPORT: ".45",
    SourceType.WEB_PAGE: ".40",
    SourceType.LLM_JUDGE_ASSESSMENT: ".35",
    SourceType.AGENT_SELF_REPORT: ".25",
    SourceType.AGENT_INFERENCE: ".25",
    SourceType.DERIVED_AGGREGATE: ".20",
    SourceType.UNKNOWN: ".20",
}


@dataclass(frozen=True, slots=True)
class About:
    """What evidence is about: ids only, the task lives above this app."""

    project_id: UUID
    task_id: UUID | None = None
    execution_id: UUID | None = None
    task_label: str = ""


def subject_of(evidence: Evidence) -> Subject:
    return Subject(
        type="evidence",
        id=evidence.id,
        label=evidence.title,
        project_id=evidence.project_id,
        task_id=evidence.task_id,
    )


@transaction.atomic
def submit_evidence(
    *,
    about: About,
    source_type: str,
    title: str,
    content: str | None = None,
    content_sha256: str = "",
    description: str = "",
    data: dict[str, Any] | None = None,
    agent_id: UUID | None = None,
    author_id: UUID | None = None,
) -> Evidence:
    """Register evidence. The grade is ours to give, not the sender's to claim.

    Content that an agent hands in under a lease is hashed here and counts as reported by a runner; a bare digest is the
    sender's own assertion; what a person hands in is by a person. Raises `Invalid` for a digest that differs.
    """
    digest, size = measure(content, content_sha256)
    facts = data or {}
    evidence = Evidence.objects.create(
        project_id=about.project_id,
        task_id=about.task_id,
        execution_id=about.execution_id,
        agent_id=agent_id,
        author_id=author_id,
        source_type=source_type,
        grade=grade_of(by_agent=agent_id is not None, with_content=content is not None),
        title=title,
        description=description,
        data=facts,
        content=content,
        content_sha256=digest,
        content_size=size,
        credibility=Decimal(BASE_RATE[SourceType(source_type)]),
    )
    record(
        events.EVIDENCE_REGISTERED,
        subject_of(evidence),
        source_type=str(source_type),
        grade=str(evidence.grade),
        content_sha256=digest,
        exit_code=evidence.exit_code,
    )
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
    review(evidence, principal, note, verified_at=timezone.now(), verified_by_id=principal.user_id)
    record(events.EVIDENCE_VERIFIED, subject_of(evidence), reason=note)
    return evidence


@transaction.atomic
def reject_evidence(*, evidence: Evidence, principal: Principal, note: str) -> Evidence:
    """Say that it does not hold; it counts for no criterion from now on. Raises `Forbidden` or `Conflict`."""
    review(evidence, principal, note, rejected_at=timezone.now(), rejected_by_id=principal.user_id)
    record(events.EVIDENCE_REJECTED, subject_of(evidence), reason=note)
    return evidence


def review(evidence: Evidence, principal: Principal, note: str, **verdict: Any) -> None:
    if not can_review(principal, evidence):
        raise Forbidden("Maintainers review evidence, and never their own or their agents'.", code="own_evidence")
    undecided = Evidence.objects.filter(id=evidence.id, verified_at=None, rejected_at=None)
    if not undecided.update(review_note=note, **verdict):
        raise Conflict("This evidence was reviewed already.", code="already_reviewed")
    evidence.refresh_from_db()
