"""What lists of people can be narrowed by."""

from django_filters import rest_framework as filters

from accounts.models import Role
from common.api.filters import FilterSet, flag_filter


class UserFilter(FilterSet):
    role = filters.MultipleChoiceFilter(choices=Role.choices)
    email = filters.CharFilter(field_name="email", lookup_expr="exact")
    active = flag_filter("is_active")


class NotificationFilter(FilterSet):
    kind = filters.CharFilter(field_name="kind", lookup_expr="exact")
    unread = filters.TypedChoiceFilter(
        field_name="read_at",
        lookup_expr="isnull",
        choices=(("true", "true"), ("false", "false")),
        coerce=lambda value: value == "true",
    )
