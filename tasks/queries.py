"""Answers about work that are not a filter on one table."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from tasks.models import (
    AcceptanceContract,
    ApprovalRequest,
    Criterion,
    Evaluation,
    Execution,
    Resolution,
    Task,
)

GIVEN_UP = (Resolution.CANCELLED, Resolution.DUPLICATE, Resolution.WONT_FIX)


@dataclass(slots=True)
class Briefing:
    """What an agent needs to know about a task it has claimed, besides the task."""

    has_contract: bool = False
    criteria: list[Criterion] = field(default_factory=list)
    grants: list[ApprovalRequest] = field(default_factory=list)
    previous_attempts: list[Execution] = field(default_factory=list)


def briefings(task_ids: Collection[UUID]) -> dict[UUID, Briefing]:
    """Return the briefing of each task, with four queries however many there are."""
    found: dict[UUID, Briefing] = defaultdict(Briefing)
    for contract in AcceptanceContract.objects.filter(task_id__in=task_ids):
        found[contract.task_id].has_contract = True
    for criterion in Criterion.objects.filter(contract__task_id__in=task_ids).select_related("contract"):
        found[criterion.contract.task_id].criteria.append(criterion)
    for grant in ApprovalRequest.objects.granting().filter(task_id__in=task_ids).order_by("id"):
        if grant.task_id:
            found[grant.task_id].grants.append(grant)
    ended = Execution.objects.filter(task_id__in=task_ids, ended_at__isnull=False)
    for execution in ended.only("task_id", "attempt", "status", "error").order_by("attempt"):
        found[execution.task_id].previous_attempts.append(execution)
    return found


@dataclass(frozen=True, slots=True)
class JudgedCriterion:
    """A criterion and what it was found to be last; None where nobody has judged it yet."""

    criterion: Criterion
    evaluation: Evaluation | None


def judged_criteria(task: Task) -> list[JudgedCriterion]:
    """Return the criteria of a task in their order, each with its last finding."""
    criteria = Criterion.objects.filter(contract__task_id=task.id).order_by("ordinal")
    last = Evaluation.objects.filter(criterion__contract__task_id=task.id).order_by("criterion_id", "-id")
    findings = {evaluation.criterion_id: evaluation for evaluation in last.distinct("criterion_id")}
    return [JudgedCriterion(criterion, findings.get(criterion.id)) for criterion in criteria]
