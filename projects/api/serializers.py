"""What the API shows of projects, and what it takes."""

from rest_framework import serializers

from accounts.models import User
from common.api.serializers import StrictSerializer, VisibleField
from projects.models import Plan, Project, ProjectMember, ProjectRole, ProjectStatus

LONG = 100_000


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project."""

    class Meta:
        model = Project
        fields = (
            "id",
            "key",
            "name",
            "slug",
            "description",
            "repository_url",
            "default_branch",
            "status",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ProjectChange(StrictSerializer):
    """What may be changed."""

    name = serializers.CharField(max_length=255)
    description = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    repository_url = serializers.CharField(max_length=500, allow_blank=True, required=False)
    default_branch = serializers.CharField(max_length=100, required=False)
    status = serializers.ChoiceField(
        choices=[choice for choice in ProjectStatus.choices if choice[0] != ProjectStatus.DELETED], required=False
    )


class ProjectInput(StrictSerializer):
    """A new project; the caller becomes its owner."""

    name = serializers.CharField(max_length=255)
    key = serializers.RegexField(r"^[A-Z][A-Z0-9]{1,9}$", help_text="Begins the tasks' short names: CM-12.")
    slug = serializers.SlugField(max_length=255)
    description = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    repository_url = serializers.CharField(max_length=500, allow_blank=True, required=False)
    default_branch = serializers.CharField(max_length=100, required=False)


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
    """What a project sets out to do."""

    class Meta:
        model = Plan
        fields = ("id", "project", "name", "goal", "created_at", "updated_at")
        read_only_fields = fields


class PlanInput(StrictSerializer):
    project = VisibleField(queryset=Project.objects.all())
    name = serializers.CharField(max_length=255)
    goal = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
