"""What the services of this app have in common: subjects of events, locks, creating and changing rows."""

from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction

from audit.events import EventType
from audit.services import Subject, changes_of, record
from common.context import Principal
from common.duplicates import refusing_duplicates
from common.errors import Conflict, Forbidden, Invalid
from projects import events
from projects.models import Gate, GateCheck, Phase, PhaseStatus, Plan, PlanStatus, Project, ProjectStatus
from projects.permissions import can_manage

Row = TypeVar("Row", bound=models.Model)
CLOSED_PLANS = (PlanStatus.COMPLETED, PlanStatus.CANCELLED)
CLOSED_PHASES = (PhaseStatus.COMPLETED, PhaseStatus.CANCELLED)


def subject_of(project: Project) -> Subject:
    return Subject(type="project", id=project.id, label=project.name, project_id=project.id)


def part_of(project_id: UUID, row: models.Model) -> Subject:
    """Return the subject of an event about a part of a project: the type is the model's name in snake case."""
    name = "_".join(row._meta.verbose_name_raw.split())
    return Subject(type=name, id=row.pk, label=str(row)[:500], project_id=project_id)


def lock_project(project_id: UUID) -> Project:
    """Lock a project's row: the first lock of whatever changes the state of its delivery."""
    project: Project = Project.all_objects.select_for_update(no_key=True).get(id=project_id)
    return project


def lock_plan(plan_id: UUID) -> Plan:
    """Lock a plan, its project first. Raises `Conflict` where the plan or the project has ended."""
    plan = Plan.objects.get(id=plan_id)
    project = lock_project(plan.project_id)
    plan = Plan.objects.select_for_update(no_key=True).get(id=plan_id)
    if project.status != ProjectStatus.ACTIVE:
        raise Conflict(f"The project is {project.get_status_display().lower()}.", code="project_not_active")
    if plan.status in CLOSED_PLANS:
        raise Conflict(f"The plan is {plan.get_status_display().lower()}.", code="plan_closed")
    plan.project = project
    return plan


def lock_phase(phase_id: UUID) -> Phase:
    """Lock a phase that may still change, its project and plan first. Raises `Conflict` where one has ended."""
    phase = Phase.objects.get(id=phase_id)
    plan = lock_plan(phase.plan_id)
    phase = Phase.objects.select_for_update(no_key=True).get(id=phase_id)
    if phase.status in CLOSED_PHASES:
        raise Conflict(f"The phase is {phase.get_status_display().lower()}.", code="phase_closed")
    phase.plan = plan
    return phase


def lock_gate(gate_id: UUID) -> Gate:
    """Lock a gate on its own: it is called while tasks are locked, and the project comes before those."""
    gate = Gate.objects.select_related("phase__plan", "after_group").select_for_update(of=("self",), no_key=True)
    return gate.get(id=gate_id)


def require_running(phase: Phase) -> None:
    if phase.status != PhaseStatus.IN_PROGRESS:
        raise Conflict(f"The phase is {phase.get_status_display().lower()}.", code="phase_not_running")


def lock_check(check_id: UUID) -> GateCheck:
    """Lock the gate of a check, then the check."""
    gate = lock_gate(GateCheck.objects.values_list("gate_id", flat=True).get(id=check_id))
    check = GateCheck.objects.select_for_update(no_key=True).get(id=check_id)
    check.gate = gate
    return check


def add(row: Row, *, code: str, taken: str) -> Row:
    """Insert a row. Raises `Conflict` with `code` where a unique constraint says that there is one already."""
    with refusing_duplicates(taken, code=code):
        row.save(force_insert=True)
    return row


def change(
    row: Row, event: EventType, project_id: UUID, changes: dict[str, Any], *, allowed: frozenset[str], reason: str
) -> Row:
    """Change what differs and is allowed to change, and record it. Raises `Conflict` where a name is taken."""
    changed = {name: value for name, value in changes.items() if name in allowed and getattr(row, name) != value}
    if changed:
        told = changes_of(row, changed)
        try:
            with transaction.atomic():
                type(row)._base_manager.filter(pk=row.pk).update(**changed)
        except IntegrityError as error:
            raise Conflict("Another one has that name or place, or the values contradict each other.") from error
        row.refresh_from_db()
        record(event, part_of(project_id, row), reason=reason, changes=told, changed=sorted(changed))
    return row


def require_manager(principal: Principal, project_id: UUID) -> None:
    """Raise `Forbidden` unless the caller is owner or maintainer of the project, or manager or admin of the tenant."""
    if not can_manage(principal, project_id):
        raise Forbidden("Owners and maintainers of the project, and managers of the tenant, do this.")


def require_reason(reason: str, field: str = "reason") -> str:
    """Return the reason without blanks around it; raises `Invalid` where there is none."""
    words = reason.strip()
    if not words:
        raise Invalid("Say why.", errors={field: ["Required."]})
    return words


def check_agents(agents: dict[str, UUID | None]) -> None:
    """The apps above raise `Invalid` where one is no agent of ours; the keys are the fields' names in the API."""
    named = {field: agent_id for field, agent_id in agents.items() if agent_id}
    if named:
        events.agents_named.send(Project, agents=named)


def in_phase(phase: Phase, part_phase_id: UUID, field: str) -> None:
    if part_phase_id != phase.id:
        raise Invalid("It belongs to another phase.", errors={field: ["Choose one of this phase."]})


def tell_order(plan_id: UUID) -> None:
    """Tell the apps above that the plan may let other work through than before."""
    events.order_changed.send(Plan, plan_id=plan_id)


def cite(
    by: type[models.Model],
    project_id: UUID,
    evidence_id: UUID,
    *,
    gate: Gate | None = None,
    exit_code: int | None = None,
) -> None:
    """The apps above raise `Invalid` where it is no evidence of the project or shows another run, and `Forbidden` where
    nobody but those who did the work behind the gate say how the run ended.
    """
    about = {"project_id": project_id, "evidence_id": evidence_id, "gate": gate, "exit_code": exit_code}
    events.evidence_cited.send(by, **about)
