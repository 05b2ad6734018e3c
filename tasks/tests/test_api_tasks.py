"""Tasks over HTTP: finding them, what surrounds them, many at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.models import Task
from tests.work import make_task, started
from tests.world import Client, World

DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def titles(client: Client, query: str) -> list[str]:
    answer = client.send("GET", f"tasks/?{query}")
    assert answer.status_code == 200, answer.content
    return sorted(task["title"] for task in answer.json()["results"])


def engineer(world: World) -> Client:
    return Client(world.tokens["engineer"])


def test_tasks_are_found_by_what_they_say(world: World) -> None:
    make_task(world, title="Fix the relay", labels=["bug", "relay"], github_issue_number=7, due_date=DECEMBER)
    make_task(world, title="Fix the clock", labels=["bug"], github_pr_number=8, assigned_user=world.reviewer)
    make_task(world, title="A fix", kind="epic", assigned_agent=world.agent, due_date=DECEMBER + timedelta(days=23))
    client = engineer(world)
    assert titles(client, "q=Fix") == ["Fix the clock", "Fix the relay"]
    assert titles(client, "q=fix") == []
    assert titles(client, "label=bug&label=relay") == ["Fix the relay"]
    assert titles(client, "label=bug") == ["Fix the clock", "Fix the relay"]
    assert titles(client, "github_issue_number=7") == ["Fix the relay"]
    assert titles(client, "github_pr_number=8") == ["Fix the clock"]
    assert titles(client, f"assigned_user={world.reviewer.id}") == ["Fix the clock"]
    assert titles(client, f"assigned_agent={world.agent.id}&kind=epic") == ["A fix"]
    assert titles(client, "due_after=2026-12-01T00:00:00Z&due_before=2026-12-24T00:00:00Z") == ["Fix the relay"]
    assert titles(client, "verification=verified") == []


def test_a_task_says_what_it_waits_for_and_how_far_its_parts_are(world: World) -> None:
    client = engineer(world)
    whole = make_task(world, title="whole")
    part = make_task(world, title="part", parent=whole)
    edge = client.send("POST", f"tasks/{whole.id}/dependencies/", {"depends_on": str(part.id), "reason": "first"})
    assert (edge.status_code, edge.json()["depends_on_status"]) == (201, "open")
    shown = client.send("GET", f"tasks/{whole.id}/").json()
    assert (shown["waiting_on"], shown["waiting_for"]) == (1, ["Waits for CM-2 (first)."])
    assert (shown["progress"], shown["run_state"]) == (0, "pending")
    back = client.send("POST", f"tasks/{part.id}/dependencies/", {"depends_on": str(whole.id)})
    assert (back.status_code, back.json()["code"]) == (422, "cycle")
    closed = client.send("POST", f"tasks/{part.id}/close/", {"resolution": "completed", "reason": "done"})
    assert (closed.json()["run_state"], closed.json()["progress"]) == ("completed", 100)
    shown = client.send("GET", f"tasks/{whole.id}/").json()
    assert (shown["waiting_on"], shown["waiting_for"], shown["progress"]) == (0, [], 100)
    [child] = client.send("GET", f"tasks/{whole.id}/children/").json()["results"]
    assert child["id"] == str(part.id)


def test_what_was_deleted_is_found_by_who_manages_and_restored(world: World) -> None:
    task = make_task(world, title="gone")
    client = engineer(world)
    assert client.send("DELETE", f"tasks/{task.id}/").status_code == 204
    assert client.send("GET", f"tasks/{task.id}/").status_code == 404
    assert titles(client, "deleted=true") == ["gone"]
    assert titles(client, "deleted=false") == []
    assert titles(Client(world.tokens["viewer"]), "deleted=true") == []
    assert client.send("POST", f"tasks/{task.id}/restore/", {"reason": "sorry"}).json()["deleted_at"] is None
    assert titles(client, "") == ["gone"]


def test_one_wrong_item_stops_all_of_them_and_is_named(world: World) -> None:
    client = engineer(world)
    tasks = [make_task(world, title=f"t{n}") for n in range(3)]
    items = [{"id": str(task.id), "github_issue_number": 5} for task in tasks[:2]]
    answer = client.send("PATCH", "tasks/bulk/", {"items": items})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["items[1].github_issue_number"])
    ids = [str(task.id) for task in tasks]
    answer = client.send("POST", "tasks/bulk/assign/", {"items": ids, "assigned_agent": str(world.agent.id)})
    assert [task["assigned_agent"] for task in answer.json()["items"]] == [str(world.agent.id)] * 3
    answer = client.send("POST", "tasks/bulk/close/", {"items": ids, "resolution": "wont_fix", "reason": "no"})
    assert [task["resolution"] for task in answer.json()["items"]] == ["wont_fix"] * 3
    again = client.send("POST", "tasks/bulk/close/", {"items": ids, "resolution": "failed", "reason": "no"})
    assert sorted(again.json()["errors"]) == ["items[0]", "items[1]", "items[2]"]
    with world.as_("system"):
        assert not Task.objects.filter(github_issue_number=5).exists()


def test_a_repeated_bulk_request_gets_its_first_answer(world: World) -> None:
    body = {"items": [{"project": str(world.project.id), "title": "once"}]}
    answers = [engineer(world).send("POST", "tasks/bulk/", body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert titles(engineer(world), "q=once") == ["once"]


def test_a_cancelled_run_tells_its_worker_why(world: World) -> None:
    _, claim = started(world)
    target = f"executions/{claim.execution_id}"
    cancelled = engineer(world).send("POST", f"{target}/cancel/", {"reason": "wrong branch"}).json()
    assert (cancelled["status"], cancelled["directive"], cancelled["run_state"]) == ("running", "stop", "working")
    lease: dict[str, Any] = {"Lease-Token": claim.token}
    beat = Client(world.token).send("POST", f"{target}/heartbeat/", {}, **lease).json()
    assert (beat["directive"], beat["notes"]) == ("stop", ["Its run was cancelled: wrong branch"])


def test_a_failure_may_leave_the_verdict_to_its_code(world: World) -> None:
    _, claim = started(world)
    target, lease = f"executions/{claim.execution_id}/fail/", {"Lease-Token": claim.token}
    worker = Client(world.token)
    assert worker.send("POST", target, {"error": "e"}, **lease).json()["errors"].keys() == {"retryable"}
    answer = worker.send("POST", target, {"error": "e", "error_code": "rate_limit"}, **lease)
    assert answer.json() == {"task_status": "open"}


def test_an_assignment_ends_and_stays(world: World) -> None:
    client = engineer(world)
    task = make_task(world)
    role = {"agent": str(world.agent.id), "role": "backup", "condition": "if issues are found", "rationale": "knows it"}
    made = client.send("POST", f"tasks/{task.id}/assignments/", role).json()
    assert [one["id"] for one in client.send("GET", f"tasks/{task.id}/assignments/").json()["results"]] == [made["id"]]
    assert client.send("DELETE", f"assignments/{made['id']}/").status_code == 204
    assert client.send("GET", f"tasks/{task.id}/assignments/").json()["results"] == []
    assert client.send("GET", f"assignments/{made['id']}/").json()["ended_at"]
