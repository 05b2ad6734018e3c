"""What people decide on a plan's page: gates and their checks, criteria, and where a phase begins and ends."""

from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.functional import cached_property

from projects.models import Gate, GateCheck, Phase, SuccessCriterion
from projects.permissions import rights_in
from projects.services import (
    complete_phase,
    decide_criterion,
    judge_check,
    judge_phase,
    start_phase,
    submit_review,
    waive_check,
    waive_gate,
)
from tasks import forms
from tasks.views.judge import address, plan_url, proofs_in
from tasks.views.plan import PlanView
from tasks.views.sending import SendingView

Row = TypeVar("Row", bound=Model)


class PlanPartView(SendingView, PlanView):
    """A form of a plan's page."""

    region = ("tasks/plan_region.html", "#plan")
    known = ("plan", "mine")
    anchor = "plan"

    @property
    def home(self) -> str:
        return plan_url(self.plan)

    def address(self) -> str:
        return address(self.plan, self.part, *self.rest)

    @cached_property
    def rights(self) -> tuple[bool, bool]:
        """Whether the viewer works on the project, and manages it."""
        return rights_in(self.principal, self.plan.project_id)

    def row(self, rows: QuerySet[Row]) -> Row:
        """Return the row of the address out of those of the plan."""
        found = rows.filter(id=self.kwargs["row_id"]).first()
        if found is None:
            raise Http404
        return found


class GateReviewView(PlanPartView):
    form_class, part = forms.ReviewForm, "review"

    @cached_property
    def gate(self) -> Gate:
        return self.row(Gate.objects.filter(phase__plan=self.plan).select_related("phase__plan"))

    def check(self) -> None:
        if not self.rights[1] and self.gate.owner_user_id != self.principal.user_id:
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        self.anchor = f"gate-{self.gate.id}"
        submit_review(gate=self.gate, principal=self.principal, **answer)


class CheckJudgeView(PlanPartView):
    form_class, part = forms.JudgeForm, "judge"

    def check(self) -> None:
        if not self.rights[0]:
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        check = self.row(GateCheck.objects.filter(gate__phase__plan=self.plan))
        self.anchor = f"gate-{check.gate_id}"
        judge_check(check=check, principal=self.principal, **answer)


class ManagersPartView(PlanPartView):
    """A form for those who manage the project."""

    def check(self) -> None:
        if not self.rights[1]:
            raise PermissionDenied


class GateWaiveView(ManagersPartView):
    form_class, part = forms.WaiveForm, "waive"

    def act(self, answer: dict[str, Any]) -> None:
        gate = self.row(Gate.objects.filter(phase__plan=self.plan).select_related("phase__plan"))
        self.anchor = f"gate-{gate.id}"
        waive_gate(gate=gate, principal=self.principal, **answer)


class CheckWaiveView(ManagersPartView):
    form_class, part = forms.WaiveForm, "waive-check"

    def act(self, answer: dict[str, Any]) -> None:
        check = self.row(GateCheck.objects.filter(gate__phase__plan=self.plan))
        self.anchor = f"gate-{check.gate_id}"
        waive_check(check=check, principal=self.principal, **answer)


class GoalDecideView(ManagersPartView):
    form_class, part = forms.GoalForm, "goal"

    def form(self, data: Any) -> forms.PartForm:
        proofs = proofs_in(self.principal, self.plan.project_id, data.get("evidence", ""))
        return forms.GoalForm(data, name=self.name, action=self.address(), proofs=proofs)

    def act(self, answer: dict[str, Any]) -> None:
        criterion = self.row(SuccessCriterion.objects.filter(phase__plan=self.plan))
        self.anchor = f"phase-{criterion.phase_id}"
        evidence = answer.pop("evidence")
        evidence_id = UUID(evidence) if evidence else None
        decide_criterion(criterion=criterion, principal=self.principal, evidence_id=evidence_id, **answer)


class PhasePartView(ManagersPartView):
    @cached_property
    def phase(self) -> Phase:
        phase = self.row(Phase.objects.filter(plan=self.plan))
        self.anchor = f"phase-{phase.id}"
        return phase


class PhaseFinalView(PhasePartView):
    form_class, part = forms.FinalForm, "final"

    def act(self, answer: dict[str, Any]) -> None:
        judge_phase(phase=self.phase, principal=self.principal, **answer)


class PhaseStartView(PhasePartView):
    form_class, part = forms.StartForm, "start"

    def act(self, answer: dict[str, Any]) -> None:
        start_phase(phase=self.phase)


class PhaseCompleteView(PhasePartView):
    form_class, part = forms.CompleteForm, "complete"

    def act(self, answer: dict[str, Any]) -> None:
        complete_phase(phase=self.phase)
