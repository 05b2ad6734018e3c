"""What lists of people can be narrowed by."""

from django_filters import rest_framework as filters

from accounts.models import Role
from common.api.filters import FilterSet


class UserFilter(FilterSet):
    role = filters.MultipleChoiceFilter(choices=Role.choices)
    email = filters.CharFilter(field_name="email", lookup_expr="exact")
