"""Phases for staff, with what belongs to one."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from common import context
from common.admin import Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from projects.models import (
    CriterionState,
    Gate,
    Phase,
    PhaseApproval,
    SuccessCriterion,
    SuccessMetric,
    TaskGroup,
    TaskGroupDependency,
)
from projects.services import (
    add_criterion,
    add_group_dependency,
    add_metric,
    block_phase,
    cancel_phase,
    complete_phase,
    create_group,
    create_phase,
    decide_criterion,
    remove_group_dependency,
    resume_phase,
    start_phase,
    update_criterion,
    update_group,
    update_metric,
    update_phase,
)

OF_PHASE = reference_filter("phase_id", "phase")
TIMES = ("created_at", "updated_at")


@admin.register(Phase)
class PhaseAdmin(ServiceAdmin):
    list_display = ("__str__", "plan", "status", "started_at", "completed_at", "created_at")
    list_select_related = ("plan",)
    list_filter = ("status", "sdlc_phase", reference_filter("plan_id", "plan"))
    search_ids = ("id", "plan_id")
    search_fields = ("^plan__name",)
    search_words = ("plan__name__startswith",)
    search_help_text = "An id of a phase or plan, or the beginning of a plan's name."
    autocomplete_fields = ("plan", "depends_on")
    details: ClassVar[Any] = (
        "name",
        "number",
        "goal",
        "sdlc_phase",
        "estimated_days_min",
        "estimated_days_max",
        "branch",
        "depends_on",
        "notes",
    )
    fields = ("plan", *details, "status", "started_at", "completed_at", *TIMES)
    add_fields = ("plan", *details)
    changeable = details
    actions = ("start", "block", "resume", "cancel", "complete")
    panels: ClassVar[Any] = (
        Panel(TaskGroup, "phase_id", ("name", "label", "sequence")),
        Panel(Gate, "phase_id", ("name", "kind", "status", "cycle")),
        Panel(SuccessCriterion, "phase_id", ("ordinal", "text", "state")),
        Panel(SuccessMetric, "phase_id", ("name", "kind", "target", "measured")),
        Panel(PhaseApproval, "phase_id", ("verdict", "approver_user", "decided_at"), select_related=("approver_user",)),
    )

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Phase:
        return create_phase(**data)

    def update(self, request: HttpRequest, row: Phase, changes: dict[str, Any]) -> Phase:
        return update_phase(phase=row, **changes)

    @with_reason("Start the chosen phases")
    def start(self, request: HttpRequest, row: Phase, reason: str) -> None:
        start_phase(phase=row)

    @with_reason("Block the chosen phases")
    def block(self, request: HttpRequest, row: Phase, reason: str) -> None:
        block_phase(phase=row, reason=reason)

    @with_reason("Let the chosen phases go on")
    def resume(self, request: HttpRequest, row: Phase, reason: str) -> None:
        resume_phase(phase=row, reason=reason)

    @with_reason("Cancel the chosen phases")
    def cancel(self, request: HttpRequest, row: Phase, reason: str) -> None:
        cancel_phase(phase=row, reason=reason)

    @with_reason("Complete the chosen phases, where nothing is missing")
    def complete(self, request: HttpRequest, row: Phase, reason: str) -> None:
        complete_phase(phase=row)


@admin.register(PhaseApproval)
class PhaseApprovalAdmin(ReadOnlyAdmin):
    list_display = ("phase", "verdict", "approver_user", "decided_at")
    list_select_related = ("phase", "approver_user")
    list_filter = ("verdict", OF_PHASE)


@admin.register(SuccessCriterion)
class SuccessCriterionAdmin(ServiceAdmin):
    list_display = ("text", "phase", "ordinal", "state", "created_at")
    list_select_related = ("phase",)
    list_filter = ("state", OF_PHASE)
    autocomplete_fields = ("phase",)
    fields = ("phase", "text", "ordinal", "state", "evidence_id", "waived_reason", "met_at", "decided_by", *TIMES)
    add_fields = ("phase", "text", "ordinal")
    changeable = ("text", "ordinal")
    actions = ("waive", "fail")

    def create(self, request: HttpRequest, data: dict[str, Any]) -> SuccessCriterion:
        return add_criterion(**data)

    def update(self, request: HttpRequest, row: SuccessCriterion, changes: dict[str, Any]) -> SuccessCriterion:
        return update_criterion(criterion=row, **changes)

    @with_reason("Waive the chosen criteria")
    def waive(self, request: HttpRequest, row: SuccessCriterion, reason: str) -> None:
        self.decide(request, row, CriterionState.WAIVED, reason)

    @with_reason("Say that the chosen criteria failed")
    def fail(self, request: HttpRequest, row: SuccessCriterion, reason: str) -> None:
        self.decide(request, row, CriterionState.FAILED, reason)

    def decide(self, request: HttpRequest, row: SuccessCriterion, state: str, reason: str) -> None:
        decide_criterion(criterion=row, principal=require_principal(request), state=state, reason=reason)


@admin.register(SuccessMetric)
class SuccessMetricAdmin(ServiceAdmin):
    list_display = ("name", "phase", "kind", "operator", "target", "target_max", "measured", "created_at")
    list_select_related = ("phase",)
    list_filter = ("kind", OF_PHASE)
    autocomplete_fields = ("phase",)
    details: ClassVar[Any] = ("name", "kind", "operator", "target", "target_max", "unit")
    fields = ("phase", *details, "measured", "measured_at", *TIMES)
    add_fields = ("phase", *details)
    changeable = details

    def create(self, request: HttpRequest, data: dict[str, Any]) -> SuccessMetric:
        return add_metric(**data)

    def update(self, request: HttpRequest, row: SuccessMetric, changes: dict[str, Any]) -> SuccessMetric:
        return update_metric(metric=row, **changes)


@admin.register(TaskGroup)
class TaskGroupAdmin(ServiceAdmin):
    list_display = ("name", "phase", "label", "calendar_label", "sequence", "created_at")
    list_select_related = ("phase",)
    list_filter = (OF_PHASE,)
    search_ids = ("id", "phase_id")
    search_fields = ("=id",)
    search_help_text = "An id of a group or phase."
    autocomplete_fields = ("phase",)
    details: ClassVar[Any] = ("name", "label", "calendar_label", "sequence", "parallel_key", "rationale")
    fields = ("phase", *details, *TIMES)
    add_fields = ("phase", *details)
    changeable = details
    panels: ClassVar[Any] = (
        Panel(TaskGroupDependency, "group_id", ("depends_on", "reason"), "Waits for", ("depends_on",)),
        Panel(TaskGroupDependency, "depends_on_id", ("group", "reason"), "Waited for by", ("group",)),
    )

    def create(self, request: HttpRequest, data: dict[str, Any]) -> TaskGroup:
        return create_group(**data)

    def update(self, request: HttpRequest, row: TaskGroup, changes: dict[str, Any]) -> TaskGroup:
        return update_group(group=row, **changes)


@admin.register(TaskGroupDependency)
class TaskGroupDependencyAdmin(ServiceAdmin):
    list_display = ("group", "depends_on", "reason", "created_at")
    list_select_related = ("group", "depends_on")
    list_filter = (reference_filter("group_id", "group"), reference_filter("depends_on_id", "depends on"))
    autocomplete_fields = ("group", "depends_on")
    fields = ("group", "depends_on", "reason", *TIMES)
    actions = ("remove",)

    add_fields = ("group", "depends_on")

    def create(self, request: HttpRequest, data: dict[str, Any]) -> TaskGroupDependency:
        """The reason that every form asks for is the reason of the dependency."""
        return add_group_dependency(**data, reason=context.current().reason)

    @with_reason("Let the groups wait no longer")
    def remove(self, request: HttpRequest, row: TaskGroupDependency, reason: str) -> None:
        remove_group_dependency(dependency=row, reason=reason)
