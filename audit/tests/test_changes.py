"""What changed, from what to what: as the log keeps it."""

from typing import Any

import pytest

from accounts.models import User
from accounts.services import update_user
from agents.services import update_agent
from audit.services import changes_of
from audit.services.changes import LONGEST
from common import context
from common.ids import uuid7
from projects.models import Plan
from projects.services import update_project
from tasks.models import Task
from tasks.services import update_task
from tests.work import make_task, newest_event
from tests.world import Client, World


def test_each_service_that_updates_says_what_was_and_what_is(world: World) -> None:
    task = make_task(world, title="old")
    with world.as_("admin"):
        update_user(user=world.viewer, role="manager")
        update_project(project=world.project, name="New")
        update_agent(agent=world.agent, capabilities={"ruff": {}})
        update_task(task=task, title="new", labels=["x"])
    assert newest_event(world, "user.rights_changed").changes == {"role": ["user", "manager"]}
    assert newest_event(world, "project.updated").changes == {"name": ["Countermark", "New"]}
    assert newest_event(world, "agent.updated").changes == {"capabilities": [{"pytest": {}}, {"ruff": {}}]}
    assert newest_event(world, "task.updated").changes == {"title": ["old", "new"], "labels": [[], ["x"]]}
    assert newest_event(world, "task.created").changes is None


@pytest.mark.parametrize(
    ("row", "changed", "kept"),
    [
        (User(), {"github_access_token": "gho_x"}, {"github_access_token": [None, "***"]}),
        (User(password="a"), {"password": "b"}, {"password": ["***", "***"]}),
        (User(), {"metadata": {"api_token": "x", "n": 1}}, {"metadata": [{}, {"api_token": "***", "n": 1}]}),
        (User(), {"display_name": "x" * 2000}, {"display_name": ["", "x" * LONGEST + "… (2000 characters)"]}),
    ],
)
def test_secrets_are_masked_and_long_texts_cut(row: Any, changed: dict[str, Any], kept: dict[str, Any]) -> None:
    assert changes_of(row, changed) == kept


def test_a_row_is_kept_as_its_id() -> None:
    plan = Plan(id=uuid7())
    assert changes_of(Task(), {"plan": plan}) == {"plan": [None, str(plan.id)]}


def test_an_event_says_through_what_it_came_and_not_from_which_house(world: World) -> None:
    client = Client(world.tokens["engineer"], REMOTE_ADDR="203.0.113.77")
    answer = client.send(
        "PATCH", f"projects/{world.project.id}/", {"name": "N"}, **{"User-Agent": "curl/8.5.0 me@x.org"}
    )
    assert answer.status_code == 200
    event = newest_event(world, "project.updated")
    assert (event.ip_address, event.user_agent) == ("203.0.113.0", "curl/8.5.0")
    with world.as_("engineer"):
        assert event.session_id == world.engineer.tokens.get(agent_id=None).id


def test_what_no_request_did_has_no_origin(world: World) -> None:
    with context.use(context.new_context()), world.as_("system"):
        update_project(project=world.project, name="N")
    event = newest_event(world, "project.updated")
    assert (event.ip_address, event.user_agent, event.session_id) == (None, "", None)
