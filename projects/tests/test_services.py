"""Projects, members, plans: what each service does, refuses and records."""

import pytest
from django.db import IntegrityError, transaction

from common.errors import Conflict
from projects.models import Plan, Project, ProjectMember, ProjectRole
from projects.services import add_member, create_plan, create_project, remove_member, update_project
from tests.work import events_of, newest_event, sql
from tests.world import World


def test_a_project_starts_with_its_owner(world: World) -> None:
    with world.as_("admin"):
        project = create_project(owner=world.viewer, name="Other", key="OTH", slug="other")
        assert list(project.members.values_list("user_id", "role")) == [(world.viewer.id, "owner")]
    assert events_of(world, project_id=project.id) == ["project.created", "project.member_added"]


@pytest.mark.parametrize(("key", "slug"), [("CM", "other"), ("OTH", "COUNTERMARK")])
def test_a_key_or_slug_that_is_taken_is_refused_and_nothing_is_left(world: World, key: str, slug: str) -> None:
    with world.as_("admin"):
        with pytest.raises(Conflict) as refusal:
            create_project(owner=world.admin, name="Twin", key=key, slug=slug)
        assert refusal.value.code == "project_taken"
        assert not Project.objects.filter(name="Twin").exists()


def test_two_tenants_may_use_the_same_key(world: World, other_world: World) -> None:
    assert (world.project.key, world.project.slug) == (other_world.project.key, other_world.project.slug)


def test_a_change_records_what_differs_and_nothing_else(world: World) -> None:
    with world.as_("engineer"):
        update_project(project=world.project, name="Countermark")
    assert "project.updated" not in events_of(world)
    with world.as_("engineer"):
        update_project(project=world.project, name="New", key="HACK", last_task_number=99, reason="renamed")
    event = newest_event(world, "project.updated")
    assert (event.body, event.reason, event.resource_label) == ('{"changed":["name"]}', "renamed", "New")
    with world.as_("engineer"):
        project = Project.objects.get(id=world.project.id)
        assert (project.key, project.last_task_number) == ("CM", 0)


def test_a_member_is_added_once_and_a_new_role_is_a_new_event(world: World) -> None:
    def give(role: ProjectRole) -> None:
        with world.as_("engineer"):
            add_member(project=world.project, user=world.stranger, role=role)

    before = len(events_of(world))
    give(ProjectRole.VIEWER)
    give(ProjectRole.VIEWER)
    give(ProjectRole.MAINTAINER)
    assert events_of(world)[before:] == ["project.member_added"] * 2
    event = newest_event(world, "project.member_added")
    assert (event.concerns, event.body) == (
        [world.stranger.id],
        f'{{"role":"maintainer","user_id":"{world.stranger.id}"}}',
    )


def test_removing_a_member_twice_is_recorded_once(world: World) -> None:
    with world.as_("engineer"):
        member = ProjectMember.objects.select_related("project").get(user=world.viewer)
        remove_member(member=member, reason="moved")
        remove_member(member=member)
    assert events_of(world).count("project.member_removed") == 1
    assert newest_event(world, "project.member_removed").concerns == [world.viewer.id]


def test_a_plans_name_is_unique_in_its_project(world: World) -> None:
    with world.as_("engineer"):
        plan = create_plan(project=world.project, name="Plan", goal="ship")
        with pytest.raises(Conflict) as refusal:
            create_plan(project=world.project, name="PLAN")
        assert refusal.value.code == "plan_taken"
        assert Plan.objects.get() == plan
    event = newest_event(world, "plan.created")
    assert (event.resource_id, event.project_id) == (plan.id, world.project.id)


def test_a_member_of_another_tenant_cannot_be_added(world: World, other_world: World) -> None:
    def add() -> None:
        with transaction.atomic(), world.as_("engineer"):
            add_member(project=world.project, user=other_world.viewer, role="viewer")
            # Composite foreign keys are checked at the end of the transaction; here is the end.
            sql(world, "SET CONSTRAINTS ALL IMMEDIATE", who="engineer")

    with pytest.raises(IntegrityError):
        add()
