"""Groups of tasks and which waits for which. Their order is computed from that, never from their labels."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from audit.services import record
from common.errors import Invalid
from projects import events
from projects.models import Phase, TaskGroup, TaskGroupDependency
from projects.services.shared import add, change, in_phase, lock_phase, part_of, tell_order

CHANGEABLE = frozenset({"name", "label", "calendar_label", "sequence", "parallel_key", "rationale"})

# Whether `start` waits for `goal` already, over however many groups.
REACHES = """
WITH RECURSIVE waits (id) AS (
    SELECT %(start)s::uuid
    UNION
    SELECT dependency.depends_on_id FROM projects_taskgroupdependency dependency
    JOIN waits ON dependency.tenant_id = sec.tenant() AND dependency.group_id = waits.id
)
SELECT EXISTS (SELECT FROM waits WHERE id = %(goal)s)
"""


@transaction.atomic
def create_group(
    *,
    phase: Phase,
    name: str,
    label: str = "",
    calendar_label: str = "",
    sequence: int | None = None,
    parallel_key: str = "",
    rationale: str = "",
) -> TaskGroup:
    """Add a group to a phase. Raises `Conflict` where the phase has one of that name, or has ended."""
    locked = lock_phase(phase.id)
    last = TaskGroup.objects.filter(phase=locked).aggregate(last=Max("sequence"))["last"]
    following = 0 if last is None else last + 1
    group = TaskGroup(
        phase=locked,
        name=name,
        label=label,
        calendar_label=calendar_label,
        sequence=following if sequence is None else sequence,
        parallel_key=parallel_key,
        rationale=rationale,
    )
    add(group, code="group_taken", taken=f"The phase has a group named {name} already.")
    record(events.GROUP_CREATED, part_of(locked.plan.project_id, group), phase_id=str(locked.id))
    return group


@transaction.atomic
def update_group(*, group: TaskGroup, reason: str = "", **changes: Any) -> TaskGroup:
    """Change what differs. Raises `Conflict` where the phase has ended or has a group of that name."""
    project_id = lock_phase(group.phase_id).plan.project_id
    return change(group, events.GROUP_UPDATED, project_id, changes, allowed=CHANGEABLE, reason=reason)


@transaction.atomic
def add_group_dependency(*, group: TaskGroup, depends_on: TaskGroup, reason: str = "") -> TaskGroupDependency:
    """Let a group wait for another of its phase.

    Raises `Invalid` for a group of another phase or a circle, `Conflict` where it waits for it already. A lock of the
    project keeps two callers from closing a circle between them.
    """
    lock_order(Phase.objects.values_list("plan__project_id", flat=True).get(id=group.phase_id))
    phase = lock_phase(group.phase_id)
    in_phase(phase, depends_on.phase_id, "depends_on")
    if waits_for(depends_on.id, group.id):
        raise Invalid(
            f"{depends_on} waits for {group} already.", code="cycle", errors={"depends_on": ["It would be a circle."]}
        )
    dependency = add(
        TaskGroupDependency(group=group, depends_on=depends_on, reason=reason),
        code="dependency_taken",
        taken=f"{group} waits for {depends_on} already.",
    )
    record(
        events.GROUP_DEPENDENCY_ADDED,
        part_of(phase.plan.project_id, group),
        reason=reason,
        depends_on_id=str(depends_on.id),
    )
    tell_order(phase.plan_id)
    return dependency


@transaction.atomic
def remove_group_dependency(*, dependency: TaskGroupDependency, reason: str = "") -> None:
    """Let a group wait no longer for another. Raises `Conflict` where the phase has ended."""
    phase = lock_phase(dependency.group.phase_id)
    if TaskGroupDependency.objects.filter(id=dependency.id).delete()[0]:
        subject = part_of(phase.plan.project_id, dependency.group)
        record(events.GROUP_DEPENDENCY_REMOVED, subject, reason=reason, depends_on_id=str(dependency.depends_on_id))
        tell_order(phase.plan_id)


def lock_order(project_id: UUID) -> None:
    """Let nobody else add a dependency in this project until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"group-order:{project_id}"])


def waits_for(start: UUID, goal: UUID) -> bool:
    """Whether `start` is `goal` or waits for it, over however many groups."""
    with connection.cursor() as cursor:
        cursor.execute(REACHES, {"start": start, "goal": goal})
        [reaches] = cursor.fetchone() or [False]
    return bool(reaches)
