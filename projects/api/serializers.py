"""What the API shows of projects, and what it takes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from common.api.serializers import JSONObjectField, StrictSerializer, VisibleField
from projects.models import (
    OversightLevel,
    Plan,
    Project,
    ProjectMember,
    ProjectRole,
    ProjectStatus,
    RepositoryProvider,
)
from projects.models.plan import is_link

LONG = 100_000
MOST_TECHNOLOGIES = 50
OVERSIGHT_ALIASES = {
    "minimal": OversightLevel.LOW,
    "standard": OversightLevel.MEDIUM,
    "comprehensive": OversightLevel.HIGH,
}


class TeamMember(serializers.Serializer[ProjectMember]):
    """Somebody of a project, as its representation shows them."""

    user = serializers.UUIDField(source="user_id")
    display_name = serializers.CharField(source="user.display_name")
    role = serializers.ChoiceField(choices=ProjectRole.choices)


LISTED = (
    "id",
    "key",
    "name",
    "slug",
    "owner",
    "repository_url",
    "repository_provider",
    "default_branch",
    "technology_stack",
    "status",
    "is_public",
    "is_template",
    "oversight_level",
    "last_activity_at",
    "archived_at",
    "completed_at",
    "created_at",
    "updated_at",
)


class ProjectListSerializer(serializers.ModelSerializer[Project]):
    """A project in a list."""

    class Meta:
        model = Project
        fields = LISTED
        read_only_fields = fields


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project. The measures are computed from what happened; `team_members` are its members."""

    team_members = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = (
            *LISTED,
            "description",
            "repository_owner",
            "repository_name",
            "config",
            "metadata",
            "hitl_config",
            "average_review_time_minutes",
            "average_merge_time_minutes",
            "pr_merge_rate",
            "test_coverage_percent",
            "team_members",
        )
        read_only_fields = fields

    @extend_schema_field(TeamMember(many=True))
    def get_team_members(self, project: Project) -> Any:
        return [TeamMember(member).data for member in project.members.select_related("user").order_by("id")]


class OversightField(serializers.ChoiceField):
    """The level of oversight. The names that other documents use for the same three are understood."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=OversightLevel.choices, **options)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(OVERSIGHT_ALIASES.get(data, data) if isinstance(data, str) else data)


class ProjectDetails(StrictSerializer):
    """What both a new and a changed project may say."""

    description = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    repository_url = serializers.CharField(max_length=500, allow_blank=True, required=False)
    repository_provider = serializers.ChoiceField(choices=RepositoryProvider.choices, allow_null=True, required=False)
    repository_owner = serializers.CharField(max_length=255, allow_blank=True, required=False)
    repository_name = serializers.CharField(max_length=255, allow_blank=True, required=False)
    default_branch = serializers.CharField(max_length=100, required=False)
    config = JSONObjectField(required=False)
    technology_stack = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=MOST_TECHNOLOGIES, required=False
    )
    metadata = JSONObjectField(required=False)
    is_public = serializers.BooleanField(required=False)
    is_template = serializers.BooleanField(required=False)
    oversight_level = OversightField(required=False, help_text="Also understood: " + ", ".join(OVERSIGHT_ALIASES) + ".")
    hitl_config = JSONObjectField(required=False)


class ProjectChange(ProjectDetails):
    """What may be changed."""

    name = serializers.CharField(max_length=255)
    status = serializers.ChoiceField(
        choices=[choice for choice in ProjectStatus.choices if choice[0] != ProjectStatus.DELETED], required=False
    )


class ProjectInput(ProjectDetails):
    """A new project; the caller becomes its owner."""

    name = serializers.CharField(max_length=255)
    key = serializers.RegexField(r"^[A-Z][A-Z0-9]{1,9}$", help_text="Begins the tasks' short names: CM-12.")
    slug = serializers.SlugField(max_length=255)


class MemberSerializer(serializers.ModelSerializer[ProjectMember]):
    """A person's role in a project."""

    display_name = serializers.CharField(source="user.display_name", read_only=True)

    class Meta:
        model = ProjectMember
        fields = ("id", "project", "user", "display_name", "role", "created_at", "updated_at")
        read_only_fields = fields


class MemberInput(StrictSerializer):
    user = VisibleField(queryset=User.objects.all())
    role = serializers.ChoiceField(choices=ProjectRole.choices)


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """What a project sets out to do, in phases. Its status follows from theirs."""

    class Meta:
        model = Plan
        fields = (
            "id",
            "project",
            "name",
            "goal",
            "status",
            "is_template",
            "prd_url",
            "plan_url",
            "metadata",
            "started_at",
            "completed_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class PlanChange(StrictSerializer):
    name = serializers.CharField(max_length=255)
    goal = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    is_template = serializers.BooleanField(required=False)
    prd_url = serializers.URLField(max_length=500, allow_blank=True, required=False, validators=[is_link])
    plan_url = serializers.URLField(max_length=500, allow_blank=True, required=False, validators=[is_link])
    metadata = JSONObjectField(required=False)


class PlanInput(PlanChange):
    project = VisibleField(queryset=Project.objects.all())
