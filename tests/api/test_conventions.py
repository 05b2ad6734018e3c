"""What holds for every endpoint: retries, versions, limits, faults, sessions, the description."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections

from accounts.models import ApiToken, IdempotencyKey
from accounts.services import create_token
from accounts.services.tickets import redeem_ticket
from accounts.sessions import SessionStore
from tasks.api import views
from tasks.models import Task
from tests.api.test_matrix import check_problem
from tests.worker import row, work_for
from tests.world import Client, World

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


def new_task(world: World, client: Client, key: str, **changes: Any) -> Any:
    body = {"project": str(world.project.id), "title": "Once"} | changes
    return client.send("POST", "tasks/", body, **{"Idempotency-Key": key})


# --- idempotency ----------------------------------------------------------------------------------------------------


def test_a_retry_gets_the_first_answer_and_takes_effect_once(world: World) -> None:
    client = Client(world.tokens["engineer"])
    first, again = new_task(world, client, "a"), new_task(world, client, "a")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    with world.as_("system"):
        assert Task.objects.count() == 1


def test_the_key_with_another_request_is_refused(world: World) -> None:
    client = Client(world.tokens["engineer"])
    new_task(world, client, "a")
    other = new_task(world, client, "a", title="Other")
    check_problem(other)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert new_task(world, Client(world.tokens["reviewer"]), "a", title="Other").status_code == 201


def test_a_refused_request_may_be_corrected_and_sent_again(world: World) -> None:
    client = Client(world.tokens["engineer"])
    assert new_task(world, client, "a", priority="no").status_code == 422
    assert new_task(world, client, "a").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ü"])
def test_a_key_that_cannot_be_kept_is_refused(world: World, key: str) -> None:
    answer = new_task(world, Client(world.tokens["engineer"]), key)
    check_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_idempotency_key")


def test_twins_at_the_same_time_take_effect_once(committed_world: World) -> None:
    answers: list[Any] = []
    barrier = threading.Barrier(4)

    def twin() -> None:
        barrier.wait()
        answers.append(new_task(committed_world, Client(committed_world.tokens["engineer"]), "twin"))
        connections.close_all()

    threads = [threading.Thread(target=twin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 3
    with committed_world.as_("system"):
        assert Task.objects.count() == 1


def test_the_secret_of_a_token_is_shown_once_and_stored_nowhere(world: World) -> None:
    client = Client(world.tokens["engineer"])
    body = {"name": "ci", "scopes": ["read"]}
    first = client.send("POST", "tokens/", body, **{"Idempotency-Key": "t"})
    again = client.send("POST", "tokens/", body, **{"Idempotency-Key": "t"})
    secret = first.json()["secret"]
    assert again.json() == first.json() | {"secret": None}
    with world.as_("system"):
        assert secret not in (IdempotencyKey.objects.get().body or "")
    assert "secret" not in client.send("GET", f"tokens/{first.json()['id']}/").json()
    mine = Client(secret)
    assert mine.send("GET", "me/").json()["scopes"] == ["read"]
    assert mine.send("POST", "tasks/", {}).json()["code"] == "missing_scope"
    assert client.send("DELETE", f"tokens/{first.json()['id']}/").status_code == 204
    assert mine.send("GET", "me/").status_code == 401


# --- credentials ----------------------------------------------------------------------------------------------------


def test_a_token_makes_none_with_more_scopes_than_its_own(world: World) -> None:
    with world.as_("engineer"):
        secret = create_token(user=world.engineer, name="x", scopes=["admin", "read"]).secret
        before = ApiToken.objects.count()
    answer = Client(secret).send("POST", "tokens/", {"name": "more", "scopes": ["read", "approve"]})
    check_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (403, "more_scopes")
    with world.as_("system"):
        assert ApiToken.objects.count() == before


def test_an_agents_token_made_by_api_acts_as_that_agent(world: World) -> None:
    made = Client(world.tokens["engineer"]).send("POST", f"agents/{world.agent.id}/tokens/", {"days": 1})
    assert made.status_code == 201
    me = Client(made.json()["secret"]).send("GET", "me/").json()
    assert (me["kind"], me["id"], me["scopes"]) == ("agent", str(world.agent.id), ["read", "work"])
    assert me["user"]["id"] == str(world.engineer.id)
    ends = datetime.fromisoformat(made.json()["expires_at"])
    assert timedelta(hours=23) < ends - datetime.now(UTC) < timedelta(hours=25)


def test_a_ticket_opens_one_socket_in_the_callers_name(world: World) -> None:
    ticket = Client(world.tokens["viewer"]).send("POST", "ws-ticket/", {}).json()["ticket"]
    principal = redeem_ticket(ticket)
    assert principal is not None
    assert principal.user_id == world.viewer.id
    assert redeem_ticket(ticket) is None


def session_client(world: World) -> Client:
    """A browser in which the engineer is signed in."""
    session = SessionStore()
    session["user_id"], session["tenant_id"] = str(world.engineer.id), str(world.tenant.id)
    session.save()
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client


def test_a_session_reads_freely_and_writes_with_a_csrf_token(world: World) -> None:
    client = session_client(world)
    assert client.send("GET", "me/").json()["scopes"] is None
    body = {"project": str(world.project.id), "title": "From a page"}
    refused = client.send("POST", "tasks/", body)
    check_problem(refused)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    token = "a" * 32
    client.cookies[settings.CSRF_COOKIE_NAME] = token
    assert client.send("POST", "tasks/", body, **{"X-CSRFToken": token}).status_code == 201


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_change_to_another_version_is_refused(world: World) -> None:
    task = work_for(world)
    client = Client(world.tokens["engineer"])
    read = client.send("GET", f"tasks/{task.id}/")
    first = client.send("PATCH", f"tasks/{task.id}/", {"title": "Mine"}, **{"If-Match": read["ETag"]})
    assert first.status_code == 200
    assert first["ETag"] != read["ETag"]
    late = client.send("PATCH", f"tasks/{task.id}/", {"title": "Late"}, **{"If-Match": read["ETag"]})
    check_problem(late)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert late.json()["etag"] == first["ETag"]
    assert row(world, Task, task.id).title == "Mine"
    both = f"{read['ETag']}, {first['ETag']}"
    assert client.send("PATCH", f"tasks/{task.id}/", {"title": "X"}, **{"If-Match": both}).status_code == 200
    assert client.send("PATCH", f"tasks/{task.id}/", {"title": "Y"}, **{"If-Match": "*"}).status_code == 200
    assert client.send("PATCH", f"tasks/{task.id}/", {"title": "Z"}).status_code == 200


@pytest.mark.parametrize("path", ["projects/{project}/", "agents/{agent}/"])
def test_every_change_looks_at_the_version(world: World, path: str) -> None:
    target = path.format(project=world.project.id, agent=world.agent.id)
    answer = Client(world.tokens["engineer"]).send("PATCH", target, {"description": "d"}, **{"If-Match": '"0"'})
    assert answer.status_code == 412


# --- limits and faults ----------------------------------------------------------------------------------------------


def test_too_many_requests_are_told_when_to_come_back(world: World, settings: Any) -> None:
    settings.API_LIMIT_PER_MINUTE = 3
    client = Client(world.tokens["viewer"])
    served = [client.send("GET", "me/") for _ in range(3)]
    assert [answer.status_code for answer in served] == [200] * 3
    assert served[0]["RateLimit-Policy"] == '"api";q=3;w=60'
    assert [answer["RateLimit"][:10] for answer in served] == ['"api";r=2;', '"api";r=1;', '"api";r=0;']
    refused = client.send("GET", "me/")
    check_problem(refused)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused["Retry-After"]) <= 61
    assert refused["RateLimit"] == f'"api";r=0;t={refused["Retry-After"]}'
    assert Client(world.tokens["engineer"]).send("GET", "me/").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(RuntimeError("secret detail"), 500, "server_error"), (OperationalError("secret detail"), 503, "unavailable")],
)
def test_a_fault_is_a_problem_that_shows_nothing_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str
) -> None:
    def fail(**_: Any) -> None:
        work_for(world)
        raise fault

    monkeypatch.setattr(views, "create_task", fail)
    client = Client(world.tokens["engineer"])
    answer = new_task(world, client, "f")
    check_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert b"secret detail" not in answer.content
    with world.as_("system"):
        assert not Task.objects.exists()
        assert not IdempotencyKey.objects.exists()
    monkeypatch.undo()
    assert new_task(world, client, "f").status_code == 201


def test_answers_are_not_cached_and_carry_the_requests_id(world: World) -> None:
    answer = Client(world.tokens["viewer"]).send("GET", "tasks/")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Request-ID"]


# --- description ----------------------------------------------------------------------------------------------------


def test_the_description_is_complete_and_checked_in(tmp_path: Path) -> None:
    target = DESCRIPTION if os.environ.get("UPDATE_OPENAPI") else tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    assert target.read_text() == DESCRIPTION.read_text(), "UPDATE_OPENAPI=1 writes docs/openapi.yaml anew"


def test_schema_and_explorer_are_served_under_the_strict_policy(client: Any) -> None:
    schema = client.get("/api/schema/?format=json")
    assert schema.status_code == 200
    assert schema.json()["openapi"] == "3.1.0"
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"<style" not in page.content
    assert b"style=" not in page.content
    assert b"<script>" not in page.content
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
