"""Plans: a project's intentions, in phases."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.services import record
from common.errors import Conflict
from projects import events
from projects.models import Phase, PhaseStatus, Plan, PlanStatus, Project
from projects.services.shared import CLOSED_PHASES, add, change, lock_plan, part_of, require_reason, tell_order

CHANGEABLE = frozenset({"name", "goal", "is_template", "prd_url", "plan_url", "metadata"})


@transaction.atomic
def create_plan(
    *,
    project: Project,
    name: str,
    goal: str = "",
    is_template: bool = False,
    prd_url: str = "",
    plan_url: str = "",
    metadata: dict[str, Any] | None = None,
) -> Plan:
    """Create a plan as a draft. Raises `Conflict` where the project has one of that name."""
    plan = add(
        Plan(
            project=project,
            name=name,
            goal=goal,
            is_template=is_template,
            prd_url=prd_url,
            plan_url=plan_url,
            metadata=metadata or {},
        ),
        code="plan_taken",
        taken=f"The project has a plan named {name} already.",
    )
    record(events.PLAN_CREATED, part_of(project.id, plan))
    return plan


@transaction.atomic
def update_plan(*, plan: Plan, reason: str = "", **changes: Any) -> Plan:
    """Change what differs. Its status follows from its phases. Raises `Conflict` where the plan has ended."""
    locked = lock_plan(plan.id)
    return change(locked, events.PLAN_UPDATED, plan.project_id, changes, allowed=CHANGEABLE, reason=reason)


def begin(plan: Plan) -> None:
    """Start a locked plan that is a draft: its first phase starts."""
    if Plan.objects.filter(id=plan.id, status=PlanStatus.DRAFT).update(status=PlanStatus.ACTIVE, started_at=Now()):
        plan.refresh_from_db()
        record(events.PLAN_STARTED, part_of(plan.project_id, plan))


def finish(plan: Plan) -> None:
    """Complete a locked plan where no phase of it goes on and one was completed."""
    states = set(Phase.objects.filter(plan_id=plan.id).values_list("status", flat=True))
    if states <= set(CLOSED_PHASES) and PhaseStatus.COMPLETED in states:
        Plan.objects.filter(id=plan.id).update(status=PlanStatus.COMPLETED, completed_at=Now())
        plan.refresh_from_db()
        record(events.PLAN_COMPLETED, part_of(plan.project_id, plan))


@transaction.atomic
def cancel_plan(*, plan: Plan, reason: str) -> Plan:
    """Give a plan up, with every phase that is not completed. Raises `Conflict` where it has ended."""
    words = require_reason(reason)
    locked = lock_plan(plan.id)
    for phase in Phase.objects.filter(plan_id=plan.id).exclude(status__in=CLOSED_PHASES).order_by("number"):
        Phase.objects.filter(id=phase.id).update(status=PhaseStatus.CANCELLED)
        record(events.PHASE_CANCELLED, part_of(plan.project_id, phase), reason=words)
    if not Plan.objects.filter(id=plan.id).exclude(status=PlanStatus.CANCELLED).update(status=PlanStatus.CANCELLED):
        raise Conflict("The plan is cancelled already.", code="plan_closed")
    locked.refresh_from_db()
    record(events.PLAN_CANCELLED, part_of(plan.project_id, locked), reason=words)
    tell_order(plan.id)
    return locked
