"""What happens below and concerns work, and what work knows for the apps below."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from accounts.events import people_asked
from agents.events import task_budget_set
from audit.models import Event
from common.errors import Invalid
from evidence.events import evidence_contributed, evidence_rejected, evidence_rejecting
from evidence.models import Evidence
from projects import events
from projects.models import Escalation, Gate, GateCheck, Phase, Project
from tasks.events import DECIDERS
from tasks.measures import measures_of_phases, measures_of_project, task_counts
from tasks.models import Task
from tasks.permissions import deciders, maintainers
from tasks.services import delivery, demands
from tasks.services.base import lock_task
from tasks.services.verification import judge_without


@receiver(evidence_contributed, dispatch_uid="tasks-evidence-contributed")
def refuse_another_projects_task(sender: type[Evidence], evidence: Evidence, **_: Any) -> None:
    """Evidence about a task belongs to the task's project."""
    if evidence.task_id and not is_of_project(evidence.task_id, evidence.project_id):
        raise Invalid("The task is of another project.", errors={"task": ["There is none with this id."]})


@receiver(evidence_rejecting, dispatch_uid="tasks-evidence-rejecting")
def hold_the_task(sender: type[Evidence], evidence: Evidence, **_: Any) -> None:
    if evidence.task_id:
        lock_task(evidence.task_id)


@receiver(evidence_rejected, dispatch_uid="tasks-evidence-rejected")
def judge_the_task_again(sender: type[Evidence], evidence: Evidence, **_: Any) -> None:
    if evidence.task_id:
        judge_without(lock_task(evidence.task_id), evidence)


@receiver(task_budget_set, dispatch_uid="tasks-task-budget-set")
def refuse_a_budget_of_another_projects_task(sender: object, task_id: UUID, project_id: UUID, **_: Any) -> None:
    """A task's budget names the task's project."""
    if not is_of_project(task_id, project_id):
        raise Invalid("The project has no such task.", errors={"task": ["There is none with this id."]})


def is_of_project(task_id: UUID, project_id: UUID) -> bool:
    return Task.objects.filter(id=task_id, project_id=project_id).exists()


@receiver(people_asked, dispatch_uid="tasks-people-asked")
def who_decides(sender: Any, *, group: str, event: Event, **_: Any) -> Collection[UUID]:
    """Say whom an approval, or a task that is to be signed off, waits for."""
    if (group,) == DECIDERS and event.resource_id:
        return deciders(event.resource_id)
    if (group,) == events.MAINTAINERS and event.project_id:
        return maintainers(event.project_id)
    return ()


@receiver(events.agents_named)
def check_agents(sender: Any, agents: dict[str, UUID], **_: Any) -> None:
    delivery.check_agents(agents)


@receiver(events.judge_chosen)
def refuse_own_work(
    sender: Any, phase_id: UUID, group_id: UUID | None, user_id: UUID | None, agent_id: UUID | None, **_: Any
) -> None:
    delivery.refuse_own_work(phase_id, group_id, user_id, agent_id)


@receiver(events.gate_opening)
def refuse_open_work(sender: Any, gate: Gate, **_: Any) -> None:
    delivery.refuse_unfinished(gate.phase_id, gate.after_group_id)


@receiver(events.phase_completing)
def refuse_open_phase(sender: Any, phase: Phase, **_: Any) -> None:
    delivery.refuse_unfinished(phase.id, None)


@receiver(events.review_reopening)
def reopen(sender: Any, gate: Gate, task_ids: list[UUID], reason: str, **_: Any) -> None:
    demands.reopen_reviewed(gate, task_ids, reason)


@receiver(events.order_changed)
def count_again(sender: Any, plan_id: UUID, **_: Any) -> None:
    demands.count_again(plan_id)


@receiver(events.project_closing)
def stand_down(sender: Any, project: Project, reason: str, **_: Any) -> None:
    demands.stand_down(project.id, reason)


@receiver(events.evidence_cited)
def check_evidence(
    sender: Any, project_id: UUID, evidence_id: UUID, gate: Gate | None, exit_code: int | None, **_: Any
) -> None:
    delivery.check_evidence(project_id, evidence_id, gate, exit_code)


@receiver(events.escalation_raised)
def ask_people(sender: Any, escalation: Escalation, check: GateCheck | None, **_: Any) -> None:
    demands.ask_people(escalation, check)


@receiver(events.progress_asked)
def count_tasks(sender: Any, phase_ids: list[UUID], **_: Any) -> dict[UUID, tuple[int, int]]:
    return task_counts(phase_ids)


@receiver(events.facts_asked)
def measure_phases(sender: Any, phase_ids: list[UUID], **_: Any) -> dict[UUID, dict[str, Any]]:
    return measures_of_phases(phase_ids)


@receiver(events.measures_asked)
def measure_project(sender: Any, project_id: UUID, **_: Any) -> dict[str, Any]:
    return measures_of_project(project_id)
