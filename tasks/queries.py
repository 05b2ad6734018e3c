"""Answers about work that are not a filter on one table."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from agents.models import Agent
from audit.models import Event
from projects.models import ProjectMember
from projects.permissions import WORKING
from tasks.models import (
    AcceptanceContract,
    ApprovalRequest,
    ApprovalStatus,
    Assignment,
    AssignmentRole,
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
    for execution in ended.only("task_id", "attempt", "status", "error", "set_aside_reason").order_by("attempt"):
        found[execution.task_id].previous_attempts.append(execution)
    return found


MOST_TAKERS = 200


def takers_of(project_id: UUID) -> tuple[list[User], list[Agent]]:
    """Return who may be given work of a project: the people who work on it, and their agents. At most 200 of each."""
    working = ProjectMember.objects.filter(project_id=project_id, user__is_active=True, role__in=WORKING)
    people = User.objects.filter(id__in=working.values("user_id")).order_by("display_name", "username")
    agents = Agent.objects.filter(owner_id__in=working.values("user_id"), is_active=True).order_by("name")
    return list(people[:MOST_TAKERS]), list(agents[:MOST_TAKERS])


def own_work(person: UUID, phase_ids: Collection[UUID]) -> set[tuple[UUID, UUID | None]]:
    """Return the phases, and the groups of them, in which a person or an agent of theirs does work.

    It is what `refuse_own_work` refuses to let them judge, for many at once.
    """
    theirs = Q(user_id=person) | Q(agent__owner_id=person)
    primaries = Assignment.objects.active().filter(theirs, role=AssignmentRole.PRIMARY)
    taken = Execution.objects.accepted().filter(task=OuterRef("pk"), agent__owner_id=person)
    tasks = Task.objects.filter(
        Q(assigned_user_id=person)
        | Q(assigned_agent__owner_id=person)
        | Exists(taken)
        | Exists(primaries.filter(task=OuterRef("pk"))),
        phase_id__in=phase_ids,
    )
    groups = primaries.filter(group__phase_id__in=phase_ids).values_list("group__phase_id", "group_id")
    return set(tasks.order_by().values_list("phase_id", "group_id").union(groups.order_by()))


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


def approval_statistics(approvals: QuerySet[ApprovalRequest]) -> dict[str, Any]:
    """Count requests by their state, in one query. Without a decision there is no rate and no time."""
    decided = Q(decided_at__isnull=False)
    counts = {status.value: Count("id", filter=Q(status=status)) for status in ApprovalStatus}
    found: dict[str, Any] = approvals.order_by().aggregate(
        total=Count("id"), waited=Avg(F("decided_at") - F("created_at"), filter=decided), **counts
    )
    waited = found.pop("waited")
    granted = found["approved"] + found["amended"]
    answered = granted + found["rejected"]
    return found | {
        "approval_rate": granted / answered if answered else None,
        "average_response_time_hours": waited.total_seconds() / 3600 if waited else None,
    }


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a request; `counted` is for answers only."""

    timestamp: datetime
    action: str
    user_id: UUID | None
    label: str
    comment: str
    content: dict[str, Any] | None = None
    counted: bool | None = None


def approval_history(approval: ApprovalRequest) -> list[HistoryEntry]:
    """Return every answer to a request, late ones too, and what the log says besides, in order."""
    answers = [
        HistoryEntry(
            row.created_at, row.action, row.user_id, str(row.user), row.comment, row.amended_content, row.counted
        )
        for row in approval.responses.select_related("user")
    ]
    events = [
        HistoryEntry(
            event.recorded_at, event.event_type.rpartition(".")[2], event.actor_id, event.actor_label, event.reason
        )
        for event in Event.objects.filter(tenant_id=approval.tenant_id, resource_id=approval.id)
    ]
    return sorted([*answers, *events], key=lambda entry: entry.timestamp)
