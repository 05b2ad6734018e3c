"""Lists: pages by keyset, every filter, and as many queries as the baseline says, however many rows."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django_filters import rest_framework as filters

from tests.api.scene import Scene
from tests.api.table import LISTS
from tests.worker import work_for
from tests.world import Client, World

BASELINE = Path(__file__).with_name("query_counts.json")


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.send("GET", path).status_code == 200
    return len(captured)


def test_a_list_costs_the_same_number_of_queries_however_long_it_is(scene: Scene) -> None:
    counts = {}
    for caller in ("engineer", "admin"):
        client = Client(scene.world.tokens[caller])
        client.send("GET", "me/")
        for path in LISTS:
            target = scene.fill(path)
            counts[f"{caller} {path}"] = queries_of(client, f"{target}?limit=100")
            assert queries_of(client, f"{target}?limit=1") == counts[f"{caller} {path}"], path
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    assert counts == json.loads(BASELINE.read_text())


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json()["results"]]


def follow(client: Client, link: str) -> Any:
    parts = urlsplit(link)
    return client.send("GET", f"{parts.path}?{parts.query}")


@pytest.mark.parametrize("ordering", ["-id", "id", "created_at", "-updated_at"])
def test_pages_cover_everything_once_while_rows_arrive(world: World, ordering: str) -> None:
    made = [str(work_for(world, title=f"task {number}").id) for number in range(5)]
    client = Client(world.tokens["viewer"])
    first = client.send("GET", f"tasks/?limit=2&ordering={ordering}")
    assert first.json()["previous"] is None
    late = str(work_for(world, title="late").id)
    second = follow(client, first.json()["next"])
    third = follow(client, second.json()["next"])
    seen = ids(first) + ids(second) + ids(third)
    assert third.json()["next"] is None
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen) <= {*made, late}
    assert ids(follow(client, third.json()["previous"])) == ids(second)
    assert (seen == sorted(seen)) is not ordering.startswith("-")


def plausible(name: str, one: filters.Filter, scene: Scene) -> str:
    if isinstance(one, filters.UUIDFilter):
        return scene.names.get(name, scene.names["project"])
    if isinstance(one, filters.IsoDateTimeFilter):
        return "2026-01-01T00:00:00Z"
    if isinstance(one, filters.NumberFilter):
        return "1"
    choices = one.extra.get("choices")
    return str(choices[0][0]) if choices else "x"


def test_every_filter_of_every_list_works(scene: Scene) -> None:
    client = Client(scene.world.tokens["engineer"])
    for path in LISTS:
        target = scene.fill(path)
        view: Any = resolve(f"/api/v1/{target}").func
        filterset = getattr(view.cls, "filterset_class", None)
        for name, one in (filterset.base_filters if filterset else {}).items():
            answer = client.send("GET", f"{target}?{name}={plausible(name, one, scene)}")
            assert answer.status_code == 200, (path, name, answer.content)


def test_filters_narrow(scene: Scene) -> None:
    client = Client(scene.world.tokens["engineer"])
    assert {task["status"] for task in client.send("GET", "tasks/?status=draft").json()["results"]} == {"draft"}
    two = client.send("GET", "tasks/?status=draft&status=in_review").json()["results"]
    assert {task["status"] for task in two} == {"draft", "in_review"}
    assert ids(client.send("GET", "approvals/?status=pending")) == [scene.names["approval"]]
    assert ids(client.send("GET", f"tasks/?project={scene.names['agent']}")) == []
    events = client.send("GET", f"audit/events/?task={scene.names['task']}").json()["results"]
    assert [event["type"] for event in events] == ["task.created"]
    assert events[0]["data"] == {"key": events[0]["resource"]["label"].split()[0], "type": "task"}


def test_lists_leave_the_large_members_out(scene: Scene) -> None:
    client = Client(scene.world.tokens["engineer"])
    [evidence, *_] = client.send("GET", f"evidence/?execution={scene.names['execution']}").json()["results"]
    assert "content" not in evidence
    assert client.send("GET", f"evidence/{evidence['id']}/").json()["content"] == "1 passed"
    assert "description" not in client.send("GET", "tasks/").json()["results"][0]


def test_a_stranger_and_another_tenant_see_nothing(scene: Scene, other_world: World) -> None:
    for path in ("tasks/", "projects/", "approvals/", "evidence/", "executions/", "plans/"):
        assert ids(Client(scene.world.tokens["stranger"]).send("GET", path)) == []
        mine = ids(Client(scene.world.tokens["admin"]).send("GET", path))
        theirs = ids(Client(other_world.tokens["admin"]).send("GET", path))
        assert mine
        assert not set(mine) & set(theirs)


def test_personal_events_are_seen_by_whom_they_concern(world: World) -> None:
    mine = Client(world.tokens["stranger"]).send("GET", "audit/events/").json()["results"]
    assert {event["type"] for event in mine} == {"user.created", "api_token.created"}
