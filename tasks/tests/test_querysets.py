"""Work by right and by state."""

from typing import Any

import pytest

from agents.services import register_agent
from projects.models import ProjectMember
from projects.services import create_project, update_project
from tasks.models import ApprovalRequest, Execution, Task
from tests.work import ask, make_task, run_out, set_raw, sql, started
from tests.world import World


def claimable(world: World, *capabilities: str) -> list[str]:
    with world.as_("agent"):
        found = Task.objects.claimable_by(world.agent_principal, list(capabilities)).most_urgent_first()
        return list(found.values_list("title", flat=True))


@pytest.mark.parametrize(("who", "sees"), [("engineer", 1), ("viewer", 1), ("agent", 1), ("stranger", 0), ("admin", 1)])
def test_work_is_seen_by_members_and_administrators(world: World, other_world: World, who: str, sees: int) -> None:
    _, claim = started(world)
    ask(world, claim)
    started(other_world)
    principal = world.agent_principal if who == "agent" else world.people[who].principal()
    with world.as_(who):
        assert Task.objects.visible_to(principal).count() == sees
        assert Execution.objects.visible_to(principal).count() == sees
        assert ApprovalRequest.objects.visible_to(principal).count() == sees


def test_a_deleted_task_is_gone_for_everybody(world: World) -> None:
    make_task(world)
    sql(world, "UPDATE tasks_task SET deleted_at = now()")
    with world.as_("admin"):
        assert not Task.objects.visible_to(world.admin.principal()).exists()
    assert claimable(world) == []


def test_the_most_urgent_comes_first_and_then_the_oldest(world: World) -> None:
    for title, priority in (("c", "low"), ("a", "critical"), ("b1", "medium"), ("b2", "medium")):
        make_task(world, title=title, priority=priority)
    assert claimable(world) == ["a", "b1", "b2", "c"]


def test_only_what_an_agent_can_do_is_offered_to_it(world: World) -> None:
    make_task(world, title="any")
    make_task(world, title="pytest", required_capabilities=["pytest"])
    make_task(world, title="both", required_capabilities=["pytest", "gpu"])
    assert claimable(world) == ["any"]
    assert claimable(world, "pytest") == ["any", "pytest"]
    assert claimable(world, "pytest", "gpu", "more") == ["any", "pytest", "both"]


def test_a_task_for_another_agent_is_not_offered(world: World) -> None:
    with world.as_("engineer"):
        other = register_agent(owner=world.engineer, name="other", agent_type="tester")
    make_task(world, title="theirs", assigned_agent=other)
    make_task(world, title="mine", assigned_agent=world.agent)
    assert claimable(world) == ["mine"]


@pytest.mark.parametrize(
    "change",
    [
        "claimable_from = now() + interval '1 minute'",
        "attempts_left = 0",
        "status = 'draft', claimable_from = NULL",
    ],
)
def test_what_is_not_due_used_up_or_a_draft_is_not_offered(world: World, change: str) -> None:
    make_task(world)
    assert claimable(world) == ["work"]
    set_raw(world, "tasks_task", change)
    assert claimable(world) == []


def test_work_is_offered_only_where_the_owner_works_and_the_project_is_active(world: World) -> None:
    make_task(world)
    with world.as_("admin"):
        elsewhere = create_project(owner=world.admin, name="Other", key="OTH", slug="other")
    sql(world, "UPDATE tasks_task SET title = 'kept'")
    make_elsewhere(world, elsewhere)
    assert claimable(world) == ["kept"]
    with world.as_("admin"):
        update_project(project=world.project, status="archived")
    assert claimable(world) == []
    with world.as_("admin"):
        update_project(project=world.project, status="active")
        ProjectMember.objects.filter(user=world.engineer).update(role="viewer")
    assert claimable(world) == []


def make_elsewhere(world: World, project: Any) -> None:
    with world.as_("admin"):
        type(make_task(world)).objects.filter(title="work").update(project=project)


def test_a_card_knows_what_runs_on_it(world: World) -> None:
    make_task(world, title="idle", priority="low")
    started(world, title="busy", priority="critical")
    with world.as_("viewer"):
        cards: list[Any] = list(Task.objects.with_live_execution().order_by("title"))
        assert [(card.title, card.live_status, card.live_agent) for card in cards] == [
            ("busy", "running", "tester"),
            ("idle", None, None),
        ]


def test_a_lease_that_ran_out_is_claimable_again_at_once(world: World) -> None:
    _, claim = started(world)
    assert claimable(world) == []
    run_out(world, claim.execution_id)
    assert claimable(world) == ["work"]
