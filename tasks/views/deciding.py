"""What people decide on a plan's page: gates, the checks that a person makes, and the final review of a phase."""

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.functional import cached_property

from projects.models import Gate, GateCheck, Phase
from projects.permissions import rights_in
from projects.services import judge_check, judge_phase, submit_review
from tasks import forms
from tasks.views.plan import PlanView, address, plan_url
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


class PhaseFinalView(PlanPartView):
    form_class, part = forms.FinalForm, "final"

    def check(self) -> None:
        if not self.rights[1]:
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        phase = self.row(Phase.objects.filter(plan=self.plan))
        self.anchor = f"phase-{phase.id}"
        judge_phase(phase=phase, principal=self.principal, **answer)
