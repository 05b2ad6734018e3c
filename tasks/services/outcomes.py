"""Handing in: evidence, and the result that closes a task when its contract is met."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction

from audit.services import record
from common.context import Principal
from common.errors import Conflict, DomainError, Forbidden, Invalid
from evidence.models import Evidence, SourceType
from evidence.services import About, submit_evidence
from projects.permissions import can_manage
from tasks import events
from tasks.models import (
    CriterionKind,
    Execution,
    ExecutionStatus,
    QuarantineKind,
    Resolution,
    Task,
    TaskStatus,
)
from tasks.services.base import lock_task, subject_of
from tasks.services.contracts import FOR_PEOPLE, Finding, criteria_of, evaluate
from tasks.services.demands import reopen_one
from tasks.services.leases import Held, LeaseClaim, end_attempt, note_activity, under_lease, usage_values
from tasks.services.verification import judge_verification
from tasks.services.work_items import close, move


class ContractNotMet(DomainError):
    """Some criteria are not met; `errors` says which and why. The attempt goes on."""

    code = "contract_not_met"
    status = 422
    title = "The acceptance contract is not met"


def hand_in_evidence(*, claim: LeaseClaim, criterion: UUID | None = None, **piece: Any) -> Evidence:
    """Register evidence of the running attempt and judge the contract by it.

    `criterion` says which one it is meant for. It is kept beside the facts; what counts is what the evidence shows.
    """
    if criterion:
        piece["data"] = {**(piece.get("data") or {}), "criterion": str(criterion)}

    def write(held: Held) -> Evidence:
        if criterion and not any(known.id == criterion for known in criteria_of(held.task)):
            raise Invalid("The task has no such criterion.", errors={"criterion": ["Not one of this task's."]})
        evidence = submit_evidence(about=about(held), agent_id=held.execution.agent_id, **piece)
        note_activity(held)
        evaluate(held.task, held.execution)
        judge_verification(held.task)
        return evidence

    return under_lease(claim, QuarantineKind.EVIDENCE, piece, write)


def about(held: Held) -> About:
    return About(project_id=held.task.project_id, task_id=held.task.id, execution_id=held.execution.id)


def complete_execution(
    *, claim: LeaseClaim, result: dict[str, Any], summary: str, usage: dict[str, Any] | None = None
) -> Task:
    """Hand in the result. The task closes if every criterion is met, waits in review if only people are missing.

    Raises `ContractNotMet` otherwise (the attempt goes on and may hand in more), `LeaseLost` for a late result.
    """

    def write(held: Held) -> tuple[Task, list[Finding]]:
        unmet = [finding for finding in evaluate(held.task, held.execution) if not finding.is_met]
        if all(CriterionKind(finding.criterion.kind) in FOR_PEOPLE for finding in unmet):
            accept(held, result, summary, waits=bool(unmet), **usage_values(usage or {}))
            return held.task, []
        return held.task, unmet

    task, unmet = under_lease(claim, QuarantineKind.COMPLETE, {"result": result, "summary": summary}, write)
    if unmet:
        raise ContractNotMet(not_met_words(unmet), errors=not_met(unmet))
    return task


def accept(held: Held, result: dict[str, Any], summary: str, *, waits: bool, **usage: Any) -> None:
    """Take the result of the held attempt: the one accepted result of its task."""
    values = {"result": result, "summary": summary, "progress": 100, "output_hash": result_digest(result)}
    end_attempt(held, ExecutionStatus.SUCCESS, **values, **usage)
    record(events.EXECUTION_SUCCEEDED, subject_of(held.task), attempt=held.execution.attempt)
    if waits:
        data = {"execution_id": str(held.execution.id)}
        move(held.task, TaskStatus.IN_REVIEW, events.TASK_SUBMITTED, claimable_from=None, output=result, data=data)
    else:
        close(held.task, Resolution.COMPLETED, output=result)


def result_digest(result: dict[str, Any]) -> str:
    """Return SHA-256 over the canonical JSON of a result; raises `Invalid` where it has none."""
    try:
        return hashlib.sha256(rfc8785.dumps(result)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise Invalid("The result has no canonical form (RFC 8785).", errors={"result": [str(error)]}) from error


def not_met(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {"criterion": str(finding.criterion.id), "title": finding.criterion.title, "reason": finding.reason}
        for finding in findings
    ]


def not_met_words(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{finding.criterion.title}: {finding.reason}" for finding in findings)


@transaction.atomic
def submit_signoff(*, task: Task, principal: Principal, approved: bool, comment: str) -> Evidence:
    """A maintainer's verdict on a task in review, as evidence; it closes the task if nothing else is missing.

    Refused, the result does not stand: the task is offered again, and the next attempt reads the comment.
    Raises `Forbidden` for others and for the owner of the agent that did the work, `Conflict` outside review.
    """
    locked = lock_task(task.id)
    if locked.status != TaskStatus.IN_REVIEW:
        raise Conflict("Only a task in review can be signed off.", code="not_in_review")
    execution = Execution.objects.accepted().select_related("agent").get(task_id=task.id)
    if not can_manage(principal, locked.project_id) or execution.agent.owner_id == principal.user_id:
        raise Forbidden("A maintainer who does not own the agent signs off.", code="own_work")
    evidence = submit_evidence(
        about=About(project_id=locked.project_id, task_id=locked.id),
        source_type=SourceType.HUMAN_CODE_REVIEW,
        title="Sign-off" if approved else "Sign-off refused",
        content=comment,
        data={"verdict": "approved" if approved else "rejected"},
        author_id=principal.user_id,
    )
    findings = evaluate(locked, execution)
    if not approved:
        reopen_one(locked, f"Changes requested: {comment}")
    elif all(finding.is_met for finding in findings):
        close(locked, Resolution.COMPLETED)
    return evidence
