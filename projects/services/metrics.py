"""What a phase and a project are measured by. Targets are set; what was reached is derived."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.services import record
from common.errors import Invalid
from common.models import ClockTimestamp
from projects import events
from projects.models import MetricKind, Operator, Phase, Project, SuccessMetric
from projects.queries import actual_values, measures_of
from projects.services.shared import add, change, lock_phase, part_of, subject_of

CHANGEABLE = frozenset({"name", "kind", "operator", "target", "target_max", "unit"})


@transaction.atomic
def add_metric(
    *,
    phase: Phase,
    name: str,
    target: Decimal,
    kind: str = MetricKind.CUSTOM,
    operator: str = Operator.GTE,
    target_max: Decimal | None = None,
    unit: str = "",
) -> SuccessMetric:
    """Set a target. Raises `Invalid` for a range without two ends, `Conflict` where the name is taken."""
    locked = lock_phase(phase.id)
    check_range(operator, target, target_max)
    metric = SuccessMetric(
        phase=locked, name=name, kind=kind, operator=operator, target=target, target_max=target_max, unit=unit
    )
    add(metric, code="metric_taken", taken=f"The phase has a metric named {name} already.")
    record(events.METRIC_ADDED, part_of(locked.plan.project_id, metric), phase_id=str(locked.id))
    return metric


def check_range(operator: str, target: Decimal, target_max: Decimal | None) -> None:
    if (operator == Operator.BETWEEN) != (target_max is not None):
        raise Invalid("A range has two ends, and only a range.", errors={"target_max": ["Needed for between only."]})
    if target_max is not None and target_max < target:
        raise Invalid("The range ends before it begins.", errors={"target_max": ["Less than the target."]})


@transaction.atomic
def update_metric(*, metric: SuccessMetric, reason: str = "", **changes: Any) -> SuccessMetric:
    """Change a target. Raises `Invalid` for a range without two ends, `Conflict` where the phase has ended."""
    project_id = lock_phase(metric.phase_id).plan.project_id
    check_range(
        changes.get("operator", metric.operator),
        changes.get("target", metric.target),
        changes.get("target_max", metric.target_max),
    )
    return change(metric, events.METRIC_UPDATED, project_id, changes, allowed=CHANGEABLE, reason=reason)


def keep_measures(phase: Phase) -> None:
    """Keep each metric of a phase as it stands when the phase is completed."""
    metrics = list(SuccessMetric.objects.filter(phase_id=phase.id))
    for metric_id, value in actual_values(metrics).items():
        if value is not None:
            SuccessMetric.objects.filter(id=metric_id).update(measured=value, measured_at=Now())


@transaction.atomic
def measure_project(*, project: Project) -> Project:
    """Compute a project's numbers anew and keep what differs: nobody types them."""
    found = measures_of(project.id)
    project.refresh_from_db()
    changed = {name: value for name, value in found.items() if getattr(project, name) != value}
    if changed:
        Project.objects.filter(id=project.id).update(**changed)
        project.refresh_from_db()
        record(events.PROJECT_MEASURED, subject_of(project), changed=sorted(changed))
    return project


def note_work(project_id: UUID) -> None:
    """Keep the time at which work on a project last ended, in the transaction that ends it.

    Never waits: while another transaction holds the project's row, its time is as good, and the rollup puts it right.
    """
    free = Project.objects.filter(id=project_id).select_for_update(no_key=True, skip_locked=True)
    Project.objects.filter(id__in=free.values("id")).update(last_activity_at=ClockTimestamp())
