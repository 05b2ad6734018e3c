"""What lists of projects can be narrowed by."""

from django_filters import rest_framework as filters

from common.api.filters import FilterSet, id_filter
from projects.models import ProjectRole, ProjectStatus


class ProjectFilter(FilterSet):
    status = filters.MultipleChoiceFilter(choices=ProjectStatus.choices)
    key = filters.CharFilter(field_name="key", lookup_expr="exact")
    slug = filters.CharFilter(field_name="slug", lookup_expr="exact")


class MemberFilter(FilterSet):
    user = id_filter("user_id")
    role = filters.MultipleChoiceFilter(choices=ProjectRole.choices)


class PlanFilter(FilterSet):
    project = id_filter("project_id")
