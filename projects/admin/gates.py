"""Gates, checks and reviews for staff."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from common.admin import Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason
from common.http import require_principal
from projects.models import Gate, GateCheck, PatternCheck, Review
from projects.services import add_check, create_gate, open_gate, update_gate, waive_check, waive_gate

OF_GATE = reference_filter("gate_id", "gate")
TIMES = ("created_at", "updated_at")


@admin.register(Gate)
class GateAdmin(ServiceAdmin):
    list_display = ("name", "phase", "kind", "number", "status", "cycle", "opened_at", "decided_at", "created_at")
    list_select_related = ("phase",)
    list_filter = ("status", "kind", "required", reference_filter("phase_id", "phase"))
    search_ids = ("id", "phase_id", "owner_agent_id")
    search_fields = ("=id",)
    search_help_text = "An id of a gate, phase or owning agent."
    autocomplete_fields = ("phase", "after_group", "owner_user")
    fields = (
        "phase",
        "kind",
        "number",
        "name",
        "after_group",
        "owner_user",
        "owner_agent_id",
        "required",
        "status",
        "cycle",
        "opened_at",
        "decided_at",
        "waived_by",
        "waived_reason",
        *TIMES,
    )
    add_fields = ("phase", "kind", "number", "name", "after_group", "owner_user", "owner_agent_id", "required")
    changeable = ("number", "name", "owner_user", "owner_agent_id", "required")
    actions = ("open", "waive")
    panels: ClassVar[Any] = (
        Panel(GateCheck, "gate_id", ("section", "text", "kind", "state", "checked_at")),
        Panel(
            Review, "gate_id", ("cycle", "verdict", "reviewer_user", "created_at"), select_related=("reviewer_user",)
        ),
    )

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Gate:
        return create_gate(**data)

    def update(self, request: HttpRequest, row: Gate, changes: dict[str, Any]) -> Gate:
        return update_gate(gate=row, **changes)

    @with_reason("Open the chosen gates, where the work before them is done")
    def open(self, request: HttpRequest, row: Gate, reason: str) -> None:
        open_gate(gate=row)

    @with_reason("Waive the chosen gates")
    def waive(self, request: HttpRequest, row: Gate, reason: str) -> None:
        waive_gate(gate=row, principal=require_principal(request), reason=reason)


@admin.register(GateCheck)
class GateCheckAdmin(ServiceAdmin):
    list_display = ("text", "gate", "section", "kind", "state", "checked_at", "waived_at")
    list_select_related = ("gate",)
    list_filter = ("state", "kind", OF_GATE)
    autocomplete_fields = ("gate",)
    fields = (
        "gate",
        "section",
        "ordinal",
        "text",
        "kind",
        "command",
        "state",
        "evidence_id",
        "exit_code",
        "output",
        "checked_by_user",
        "checked_by_agent_id",
        "checked_at",
        "skipped_reason",
        "waived_by",
        "waived_at",
        "waived_reason",
        *TIMES,
    )
    add_fields = ("gate", "section", "ordinal", "text", "kind", "command")
    actions = ("waive",)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> GateCheck:
        return add_check(**data)

    @with_reason("Let the chosen checks through although they did not pass")
    def waive(self, request: HttpRequest, row: GateCheck, reason: str) -> None:
        waive_check(check=row, principal=require_principal(request), reason=reason)


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("gate", "cycle", "verdict", "reviewer_user", "created_at")
    list_select_related = ("gate", "reviewer_user")
    list_filter = ("verdict", OF_GATE)
    panels: ClassVar[Any] = (Panel(PatternCheck, "review_id", ("name", "preserved", "note")),)


@admin.register(PatternCheck)
class PatternCheckAdmin(ReadOnlyAdmin):
    list_display = ("name", "review", "preserved", "created_at")
    list_select_related = ("review__gate",)
    list_filter = ("preserved", reference_filter("review_id", "review"))
