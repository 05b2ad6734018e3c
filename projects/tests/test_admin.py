"""Projects, members and plans in the admin."""

import pytest

from audit.models import Event
from projects.models import Plan, Project, ProjectMember
from projects.services import create_plan
from tests.staff import AdminPages, assert_cheap, signed_in, told
from tests.world import World


def pages(world: World, model: str) -> AdminPages:
    return AdminPages(signed_in(world.admin), f"projects_{model}")


@pytest.mark.parametrize("model", ["project", "projectmember", "plan"])
def test_a_change_list_is_cheap(world: World, model: str) -> None:
    with world.as_("engineer"):
        create_plan(project=world.project, name="Plan")
    assert_cheap(pages(world, model))


def test_a_new_project_belongs_to_whoever_made_it(world: World) -> None:
    values = {"key": "NEW", "slug": "new", "name": "New", "default_branch": "main"}
    assert pages(world, "project").add(**values).status_code == 302
    with world.as_("system"):
        project = Project.objects.get(key="NEW")
        assert ProjectMember.objects.get(project=project).user_id == world.admin.id
        assert Event.objects.get(event_type="project.created", resource_id=project.id).actor_id == world.admin.id


def test_a_key_that_is_taken_is_refused_on_the_form(world: World) -> None:
    answer = pages(world, "project").add(key="CM", slug="other", name="Other", default_branch="main")
    assert answer.status_code == 200
    assert b"is taken" in answer.content


def test_a_project_is_changed_and_the_log_says_what(world: World) -> None:
    projects = pages(world, "project")
    values = {"name": "Renamed", "description": "", "repository_url": "", "default_branch": "main"}
    values["status"] = "archived"
    assert projects.change(world.project.id, **values, key="HACK").status_code == 302
    with world.as_("system"):
        project = Project.objects.get(id=world.project.id)
        assert (project.name, project.status, project.key) == ("Renamed", "archived", "CM")
        assert Event.objects.get(event_type="project.updated").body == '{"changed":["name","status"]}'
    assert b"/projects/countermark/board/" in projects.show(world.project.id).content


def test_members_are_added_changed_and_removed_by_services(world: World) -> None:
    members = pages(world, "projectmember")
    added = members.add(project=str(world.project.id), user=str(world.stranger.id), role="viewer")
    assert added.status_code == 302
    with world.as_("system"):
        member = ProjectMember.objects.get(user=world.stranger)
    assert members.change(member.id, role="contributor").status_code == 302
    assert "done for 1" in told(members.run("remove", member.id, reason="moved"))
    with world.as_("system"):
        assert not ProjectMember.objects.filter(user=world.stranger).exists()
        kinds = Event.objects.filter(concerns__contains=[world.stranger.id], project_id=world.project.id).order_by("id")
        assert [(event.event_type, event.reason) for event in kinds] == [
            ("project.member_added", "because"),
            ("project.member_added", "because"),
            ("project.member_removed", "moved"),
        ]


def test_a_plan_is_added_and_then_fixed(world: World) -> None:
    plans = pages(world, "plan")
    assert plans.add(project=str(world.project.id), name="Plan", goal="").status_code == 302
    with world.as_("system"):
        plan = Plan.objects.get(name="Plan")
    assert plans.change(plan.id, name="Other").status_code == 403
