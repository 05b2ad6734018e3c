"""Who may change tasks and decide approvals."""

import pytest

from tasks.permissions import can_change_task, may_decide
from tests.work import ask, make_task, sql, started
from tests.world import World


@pytest.mark.parametrize(
    ("who", "may"), [("engineer", True), ("reviewer", True), ("viewer", False), ("stranger", False), ("admin", True)]
)
def test_contributors_change_tasks(world: World, who: str, may: bool) -> None:
    task = make_task(world)
    with world.as_(who):
        assert can_change_task(world.people[who].principal(), task) is may


def test_an_agent_changes_tasks_through_its_lease_only(world: World) -> None:
    task = make_task(world)
    with world.as_("agent"):
        assert not can_change_task(world.agent_principal, task)


@pytest.mark.parametrize(
    ("who", "may", "alone"),
    [
        ("reviewer", True, True),
        ("admin", True, True),
        ("engineer", False, True),
        ("viewer", False, False),
        ("stranger", False, False),
    ],
)
def test_entitled_people_who_did_not_ask_decide(world: World, who: str, may: bool, alone: bool) -> None:
    _, claim = started(world)
    approval = ask(world, claim)
    principal = world.people[who].principal()
    with world.as_(who):
        assert may_decide(principal, approval) is may
    sql(world, "UPDATE accounts_tenant SET allow_self_approval = true")
    with world.as_(who):
        assert may_decide(principal, approval) is alone


def test_no_agent_decides_not_even_where_self_approval_is_allowed(world: World) -> None:
    _, claim = started(world)
    approval = ask(world, claim)
    sql(world, "UPDATE accounts_tenant SET allow_self_approval = true")
    with world.as_("agent"):
        assert not may_decide(world.agent_principal, approval)
