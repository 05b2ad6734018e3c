"""What a plan is measured by and what was decided in it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.functional import cached_property

from projects.models import DecisionRecord, DecisionStatus, Operator, Plan, Project, SuccessMetric
from projects.queries import actual_values, is_reached
from tasks.views.judge import plan_url
from tasks.views.looks import DECISION, MET, NOT_MET, UNMEASURED, Look
from tasks.views.plan import visible_plan
from tasks.views.shell import ShellView

MOST = 200


@dataclass(frozen=True, slots=True)
class MetricRow:
    metric: SuccessMetric
    target: str
    actual: str
    look: Look


@dataclass(frozen=True, slots=True)
class DecisionRow:
    decision: DecisionRecord
    look: Look


def metric_rows(plan: Plan) -> list[MetricRow]:
    """Return the targets in the order of the phases; a completed phase keeps what was measured at its end."""
    found = SuccessMetric.objects.filter(phase__plan_id=plan.id).select_related("phase").order_by("phase__number", "id")
    metrics = list(found[:MOST])
    now = actual_values([metric for metric in metrics if metric.measured_at is None])
    return [metric_row(metric, now.get(metric.id, metric.measured)) for metric in metrics]


def metric_row(metric: SuccessMetric, actual: Decimal | None) -> MetricRow:
    reached = is_reached(metric, actual)
    look = UNMEASURED if reached is None else MET if reached else NOT_MET
    return MetricRow(metric, target_of(metric), "" if actual is None else plain(actual, metric.unit), look)


def target_of(metric: SuccessMetric) -> str:
    if metric.operator == Operator.BETWEEN and metric.target_max is not None:
        return f"{plain(metric.target)} to {plain(metric.target_max, metric.unit)}"
    return f"{Operator(metric.operator).label} {plain(metric.target, metric.unit)}"


def plain(value: Decimal, unit: str = "") -> str:
    """Return a number without the zeros that it need not have."""
    return f"{value.normalize():f} {unit}".strip()


def decision_rows(plan: Plan) -> list[DecisionRow]:
    """Return what was decided in the plan, and for its whole project, the newest first."""
    found = DecisionRecord.objects.filter(Q(plan_id=plan.id) | Q(plan=None), project_id=plan.project_id)
    rows = found.select_related("phase", "decided_by", "superseded_by").order_by("-number")
    return [DecisionRow(decision, DECISION[DecisionStatus(decision.status)]) for decision in rows[:MOST]]


class PlanRecordsView(ShellView):
    template_name = "tasks/plan_records.html"
    section = "plan"

    @cached_property
    def plan(self) -> Plan:
        return visible_plan(self.principal, self.kwargs["slug"], self.kwargs["plan_id"])

    def about(self) -> Project:
        return self.plan.project

    def context(self, **kwargs: Any) -> dict[str, Any]:
        plan = self.plan
        shown = {"plan": plan, "plan_url": plan_url(plan), "metrics": metric_rows(plan)}
        return {**super().context(**kwargs), **shown, "decisions": decision_rows(plan)}
