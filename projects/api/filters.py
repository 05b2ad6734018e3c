"""What lists of projects and their delivery can be narrowed by."""

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, flag_filter, id_filter
from projects.models import (
    CheckState,
    CriterionState,
    DecisionStatus,
    GateKind,
    GateStatus,
    MetricKind,
    PhaseStatus,
    PlanStatus,
    ProjectRole,
    ProjectStatus,
    Verdict,
)


class ProjectFilter(FilterSet):
    status = filters.MultipleChoiceFilter(choices=ProjectStatus.choices)
    key = filters.CharFilter(field_name="key", lookup_expr="exact")
    slug = filters.CharFilter(field_name="slug", lookup_expr="exact")
    owner = id_filter("owner_id")
    repository_url = filters.CharFilter(field_name="repository_url", lookup_expr="exact")
    is_public = flag_filter("is_public")
    is_template = flag_filter("is_template")


class MemberFilter(FilterSet):
    user = id_filter("user_id")
    role = filters.MultipleChoiceFilter(choices=ProjectRole.choices)


class PlanFilter(FilterSet):
    project = id_filter("project_id")
    status = filters.MultipleChoiceFilter(choices=PlanStatus.choices)
    is_template = flag_filter("is_template")


class PhaseFilter(FilterSet):
    plan = id_filter("plan_id")
    project = id_filter("plan__project_id")
    status = filters.MultipleChoiceFilter(choices=PhaseStatus.choices)


class OfPhaseFilter(FilterSet):
    phase = id_filter("phase_id")


class PhaseApprovalFilter(OfPhaseFilter):
    verdict = filters.MultipleChoiceFilter(choices=Verdict.choices)


class CriterionFilter(OfPhaseFilter):
    state = filters.MultipleChoiceFilter(choices=CriterionState.choices)
    evidence = id_filter("evidence_id")


class MetricFilter(OfPhaseFilter):
    kind = filters.MultipleChoiceFilter(choices=MetricKind.choices)


class GroupDependencyFilter(FilterSet):
    phase = id_filter("group__phase_id")
    group = id_filter("group_id")
    depends_on = id_filter("depends_on_id")


class GateFilter(OfPhaseFilter):
    project = id_filter("phase__plan__project_id")
    kind = filters.MultipleChoiceFilter(choices=GateKind.choices)
    status = filters.MultipleChoiceFilter(choices=GateStatus.choices)
    owner_user = id_filter("owner_user_id")
    owner_agent = id_filter("owner_agent_id")


class CheckFilter(FilterSet):
    state = filters.MultipleChoiceFilter(choices=CheckState.choices)


class ReviewFilter(FilterSet):
    gate = id_filter("gate_id")
    phase = id_filter("gate__phase_id")
    reviewer_user = id_filter("reviewer_user_id")
    reviewer_agent = id_filter("reviewer_agent_id")


class DecisionRecordFilter(FilterSet):
    project = id_filter("project_id")
    plan = id_filter("plan_id")
    phase = id_filter("phase_id")
    status = filters.MultipleChoiceFilter(choices=DecisionStatus.choices)


class EscalationRuleFilter(FilterSet):
    project = id_filter("project_id")
    plan = id_filter("plan_id")
    phase = id_filter("phase_id")
    backup_agent = id_filter("backup_agent_id")


class EscalationFilter(FilterSet):
    project = id_filter("rule__project_id")
    rule = id_filter("rule_id")
    subject_id = id_filter("subject_id")
    open = filters.TypedChoiceFilter(
        field_name="resolved_at",
        lookup_expr="isnull",
        choices=(("true", "true"), ("false", "false")),
        coerce=lambda value: value == "true",
    )
