"""Projects, members and plans in the admin."""

from typing import Any

import pytest

from audit.models import Event
from projects.models import Escalation, Plan, Project, ProjectMember, TaskGroupDependency
from projects.services import add_escalation_rule, create_group, create_plan, raise_escalation
from tests.delivery import make_delivery
from tests.staff import AdminPages, assert_cheap, signed_in, told
from tests.world import World

FORM = {"default_branch": "main", "config": "{}", "metadata": "{}", "hitl_config": "{}", "oversight_level": "medium"}


def pages(world: World, model: str) -> AdminPages:
    return AdminPages(signed_in(world.admin), f"projects_{model}")


@pytest.mark.parametrize("model", ["project", "projectmember", "plan"])
def test_a_change_list_is_cheap(world: World, model: str) -> None:
    with world.as_("engineer"):
        create_plan(project=world.project, name="Plan")
    assert_cheap(pages(world, model))


def test_a_new_project_belongs_to_whoever_made_it(world: World) -> None:
    values = {"key": "NEW", "slug": "new", "name": "New"} | FORM
    assert pages(world, "project").add(**values).status_code == 302
    with world.as_("system"):
        project = Project.objects.get(key="NEW")
        assert ProjectMember.objects.get(project=project).user_id == world.admin.id
        assert Event.objects.get(event_type="project.created", resource_id=project.id).actor_id == world.admin.id


def test_a_key_that_is_taken_is_refused_on_the_form(world: World) -> None:
    answer = pages(world, "project").add(key="CM", slug="other", name="Other", **FORM)
    assert answer.status_code == 200
    assert b"is taken" in answer.content


def test_a_project_is_changed_and_the_log_says_what(world: World) -> None:
    projects = pages(world, "project")
    values = {"name": "Renamed", "description": "", "repository_url": ""} | FORM
    values["status"] = "archived"
    assert projects.change(world.project.id, **values, key="HACK").status_code == 302
    with world.as_("system"):
        project = Project.objects.get(id=world.project.id)
        assert (project.name, project.status, project.key) == ("Renamed", "archived", "CM")
        assert Event.objects.get(event_type="project.updated").body == '{"changed":["name"]}'
        assert Event.objects.filter(event_type="project.archived").exists()
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


def test_a_plan_is_added_and_changed(world: World) -> None:
    plans = pages(world, "plan")
    values = {"name": "Plan", "goal": "", "prd_url": "", "plan_url": "", "metadata": "{}"}
    assert plans.add(project=str(world.project.id), **values).status_code == 302
    with world.as_("system"):
        plan = Plan.objects.get(name="Plan")
    assert plans.change(plan.id, **values | {"goal": "Preserve"}).status_code == 302
    with world.as_("system"):
        assert Plan.objects.get(id=plan.id).goal == "Preserve"


def test_projects_are_archived_and_deleted_with_a_reason(world: World) -> None:
    projects = pages(world, "project")
    assert "done for 1" in told(projects.run("archive", world.project.id, reason="done with"))
    assert "already" in told(projects.run("archive", world.project.id, reason="again"))
    assert "done for 1" in told(projects.run("delete_softly", world.project.id, reason="a mistake"))
    with world.as_("system"):
        assert Project.all_objects.get(id=world.project.id).status == "deleted"
        reasons = Event.objects.filter(event_type__in=["project.archived", "project.deleted"]).order_by("id")
        assert [event.reason for event in reasons] == ["done with", "a mistake"]


def test_phases_and_gates_are_moved_by_actions(world: World) -> None:
    delivery = make_delivery(world, started=False)
    phases, gates = pages(world, "phase"), pages(world, "gate")
    assert "done for 1" in told(phases.run("start", delivery.phase.id))
    assert "Not done yet" in told(gates.run("open", delivery.gate.id))
    assert "done for 1" in told(gates.run("waive", delivery.gate.id, reason="The trial ends today"))
    assert "Criterion 1" in told(phases.run("complete", delivery.phase.id))
    shown = phases.show(delivery.phase.id).content.decode()
    assert all(words in shown for words in ("Review 1", "Backend", "It starts."))
    assert delivery.now(delivery.gate).waived_reason == "The trial ends today"


def test_an_escalation_is_resolved_with_its_reason(world: World) -> None:
    with world.as_("engineer"):
        create: dict[str, Any] = {"project": world.project, "area": "Backend"}
        add_escalation_rule(**create, trigger="A check fails.")
        about: dict[str, Any] = {"subject_type": "project", "subject_id": world.project.id}
        escalation = raise_escalation(**create, **about, reason="It fails.")
        assert escalation
    assert "done for 1" in told(pages(world, "escalation").run("resolve", escalation.id, reason="Mended by hand"))
    with world.as_("system"):
        assert Escalation.objects.get(id=escalation.id).resolution == "Mended by hand"


def test_a_dependency_takes_the_forms_reason(world: World) -> None:
    delivery = make_delivery(world)
    with world.as_("engineer"):
        third = create_group(phase=delivery.phase, name="Third")
    dependencies = pages(world, "taskgroupdependency")
    added = dependencies.add(group=str(third.id), depends_on=str(delivery.first.id), reason="It calls it")
    assert added.status_code == 302
    with world.as_("system"):
        assert TaskGroupDependency.objects.get(group=third).reason == "It calls it"
