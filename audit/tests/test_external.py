"""Telling of what happened outside: nothing of ours can be forged with it."""

from typing import Any

import pytest
from django.core.cache import cache

from audit.events import CATALOGUE
from audit.services import external
from common.redis.limiter import Limit
from tests.work import events_of, make_task, newest_event
from tests.world import Client, World

TOLD = {"name": "deployment_completed", "subject": "production", "summary": "v1.2 is out."}


def tell(world: World, who: str = "engineer", **changes: Any) -> Any:
    body = TOLD | {"project": str(world.project.id)} | changes
    return Client(world.tokens[who]).send("POST", "audit/events/", body)


def test_what_is_told_is_in_the_log_with_who_told_it(world: World) -> None:
    answer = tell(world, url="https://ci.example.org/1")
    assert answer.status_code == 201
    event = newest_event(world, "deployment.completed")
    assert (event.actor_id, event.source, event.resource_type) == (world.engineer.id, "user", "external.deployment")
    assert (event.resource_id, event.task_id, event.project_id) == (None, None, world.project.id)
    shown = answer.json()
    assert (shown["type"], shown["aliases"]) == ("deployment.completed", ["deployment_completed"])
    assert shown["data"] == {"summary": "v1.2 is out.", "url": "https://ci.example.org/1"}


def test_nothing_that_the_product_records_itself_can_be_told(world: World) -> None:
    ours = [name for name, entry in CATALOGUE.items() if not entry.external]
    assert {"task.closed", "approval.approved", "evidence.verified", "auth.sign_in_succeeded"} <= set(ours)
    before = events_of(world)
    for name in ("task.closed", "approval.approved", "evidence_verified", "webhook.tested", "no.such"):
        answer = tell(world, name=name)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["name"])
    assert events_of(world) == before


def test_without_a_project_only_the_teller_and_administrators_see_it(world: World) -> None:
    identifier = tell(world, "stranger", project=None).json()["id"]
    statuses = {
        who: Client(world.tokens[who]).send("GET", f"audit/events/{identifier}/").status_code
        for who in ("stranger", "admin", "viewer")
    }
    assert statuses == {"stranger": 200, "admin": 200, "viewer": 404}


def test_an_agent_needs_the_scope_to_write(world: World) -> None:
    answer = Client(world.token).send("POST", "audit/events/", TOLD)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_a_caller_who_tells_too_much_is_asked_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(external, "PER_CALLER", Limit("external-test", requests=2, seconds=60))
    assert [tell(world).status_code for _ in range(3)] == [201, 201, 429]
    assert tell(world, "reviewer").status_code == 201


def test_the_log_is_narrowed_by_time_request_source_outcome_and_old_names(world: World) -> None:
    make_task(world)
    told = tell(world).json()
    client = Client(world.tokens["engineer"])

    def found(query: str) -> list[str]:
        return [event["type"] for event in client.send("GET", f"audit/events/?{query}").json()["results"]]

    assert found("type=task_created") == found("type=task.created") == ["task.created"]
    assert found(f"request={told['request_id']}") == ["deployment.completed"]
    assert found("resource_type=external.deployment&source=user&outcome=success") == ["deployment.completed"]
    assert found("outcome=failure") == []
    assert found("since=2100-01-01T00:00:00Z") == []
    assert found("until=2020-01-01T00:00:00Z") == []
    assert "deployment.completed" in found("since=2020-01-01T00:00:00Z")


def test_administrators_see_what_the_database_was_brought_up_by(world: World) -> None:
    rows = Client(world.tokens["admin"]).send("GET", "ops/migrations/").json()
    assert {"version", "description", "installed_on", "execution_time_ms"} <= set(rows[0])
    assert "audit.0001_initial" in {row["version"] for row in rows}
