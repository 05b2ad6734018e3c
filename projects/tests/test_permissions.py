"""Who may do what in a project."""

import pytest

from accounts.models import Role, User
from accounts.services import deactivate_user, update_user
from projects.models import Plan, Project, ProjectMember
from projects.permissions import can_contribute, can_manage
from projects.services import add_member, create_plan
from tests.world import World


@pytest.mark.parametrize(
    ("who", "contributes", "manages"),
    [
        ("engineer", True, True),
        ("reviewer", True, True),
        ("viewer", False, False),
        ("stranger", False, False),
        ("admin", True, True),
    ],
)
def test_a_role_in_the_project_or_the_tenant_decides(world: World, who: str, contributes: bool, manages: bool) -> None:
    with world.as_(who):
        principal = world.people[who].principal()
        assert can_contribute(principal, world.project.id) is contributes
        assert can_manage(principal, world.project.id) is manages


def test_a_contributor_works_and_does_not_manage(world: World) -> None:
    with world.as_("engineer"):
        add_member(project=world.project, user=world.stranger, role="contributor")
        assert can_contribute(world.stranger.principal(), world.project.id)
        assert not can_manage(world.stranger.principal(), world.project.id)


def test_an_agent_works_where_its_owner_works_and_never_manages(world: World) -> None:
    with world.as_("agent"):
        assert can_contribute(world.agent_principal, world.project.id)
        assert not can_manage(world.agent_principal, world.project.id)


def test_an_agent_of_an_administrator_does_not_inherit_the_whole_tenant(world: World) -> None:
    with world.as_("admin"):
        owner = update_user(user=User.objects.get(id=world.engineer.id), role=Role.ADMIN)
        ProjectMember.objects.filter(user=owner).delete()
        assert can_contribute(owner.principal(), world.project.id)
        assert not can_contribute(world.agent_principal, world.project.id)
        assert not Project.objects.visible_to(world.agent_principal).exists()


def test_a_deactivated_member_may_nothing(world: World) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.reviewer, reason="left")
        assert not can_contribute(world.reviewer.principal(), world.project.id)


@pytest.mark.parametrize(("who", "sees"), [("engineer", 1), ("viewer", 1), ("agent", 1), ("stranger", 0), ("admin", 1)])
def test_projects_members_and_plans_are_seen_by_members_and_administrators(
    world: World, other_world: World, who: str, sees: int
) -> None:
    with world.as_("engineer"):
        create_plan(project=world.project, name="Plan")
    principal = world.agent_principal if who == "agent" else world.people[who].principal()
    with world.as_(who):
        assert Project.objects.visible_to(principal).active().count() == sees
        assert Plan.objects.visible_to(principal).count() == sees
        assert ProjectMember.objects.visible_to(principal).count() == 3 * sees
