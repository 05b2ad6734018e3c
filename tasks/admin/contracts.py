"""When tasks are done. A contract is set once, so nobody edits it here."""

from django.contrib import admin

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter
from tasks.admin.parts import OF_TASK
from tasks.models import AcceptanceContract, Criterion, Evaluation


@admin.register(AcceptanceContract)
class AcceptanceContractAdmin(ReadOnlyAdmin):
    list_display = ("id", "task", "created_at")
    list_select_related = ("task__project",)
    list_filter = (OF_TASK, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_help_text = "The id of a contract or of a task."
    panels = (Panel(Criterion, "contract_id", ("ordinal", "title", "kind", "minimum_grade"), title="Criteria"),)


@admin.register(Criterion)
class CriterionAdmin(ReadOnlyAdmin):
    list_display = ("id", "contract", "ordinal", "title", "kind", "minimum_grade")
    list_select_related = ("contract",)
    list_filter = ("kind", "minimum_grade", reference_filter("contract_id", "contract"))
    search_fields = ("id",)
    search_ids = ("pk", "contract_id")
    search_help_text = "The id of a criterion or of a contract."
    panels = (Panel(Evaluation, "criterion_id", ("is_met", "reason", "created_at"), title="Newest findings"),)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("id", "criterion", "is_met", "reason", "created_at")
    list_select_related = ("criterion",)
    list_filter = ("is_met", reference_filter("criterion_id", "criterion"), MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "criterion_id", "evidence_id")
    search_help_text = "The id of a finding, a criterion or a piece of evidence."
