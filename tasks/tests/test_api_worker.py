"""The worker protocol over HTTP: the way through, and what each refusal leaves behind."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from django.conf import settings

from accounts.models import ApiToken, IdempotencyKey
from accounts.services import create_token, revoke_token
from agents.models import AgentType
from agents.services import issue_agent_token, register_agent
from common.models import ClockTimestamp
from evidence.models import Evidence
from tasks.models import ApprovalRequest, Execution, QuarantinedWrite, Task
from tasks.services import cancel_task
from tests.worker import Attempt, claim_one, row, with_contract, work_for
from tests.world import Client, World


def respond(world: World, approval: dict[str, str], by: str = "reviewer", **changes: object) -> Any:
    body = {"action": "approve", "comment": "Looks right.", "digest": approval["digest"]} | changes
    return Client(world.tokens[by]).send("POST", f"approvals/{approval['id']}/respond/", body)


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def expire_lease(world: World, attempt: Attempt) -> None:
    """Let the lease end a second ago."""
    with world.as_("system"):
        Execution.objects.filter(id=attempt.id).update(lease_expires_at=ClockTimestamp() - timedelta(seconds=1))


# --- the way through ------------------------------------------------------------------------------------------------


def test_a_task_is_claimed_worked_on_and_closed(world: World) -> None:
    task = with_contract(world, work_for(world, input={"paths": ["tests"]}, instructions="All of them."))
    attempt = claim_one(world, lease_seconds=30)
    claim = attempt.claim
    assert claim["task"] | {"contract": None} == {
        "id": str(task.id),
        "key": "CM-1",
        "project_id": str(world.project.id),
        "title": "Run the tests",
        "description": "",
        "type": "test",
        "priority": "medium",
        "instructions": "All of them.",
        "input": {"paths": ["tests"]},
        "contract": None,
    }
    [criterion] = claim["task"]["contract"]["criteria"]
    assert criterion["kind"] == "command_exit"
    assert criterion["parameters"] == {"command": "pytest", "exit_code": 0}
    assert claim["execution"] == {"id": attempt.id, "status": "running", "attempt": 1}
    assert (claim["attempt"], claim["lease_seconds"], claim["grants"]) == (1, 30, [])
    assert claim["context"]["project"]["slug"] == world.project.slug
    assert claim["context"]["previous_attempts"] == []

    beat = attempt.send(
        "heartbeat/", {"progress": 40, "message": "half", "usage": {"input_tokens": 5, "cost_usd": 0.02}}
    )
    assert beat.status_code == 200
    assert beat.json()["directive"] == "continue"
    assert beat.json()["notes"] == []
    evidence = attempt.hand_in(criterion=criterion["id"], content_sha256=hashlib.sha256(b"1 passed\n").hexdigest())
    assert evidence.status_code == 201, evidence.content
    assert evidence.json()["grade"] == "runner_reported"
    done = attempt.send("complete/", {"result": {"passed": 1}, "summary": "All pass."})
    assert done.json() == {"task_status": "closed"}
    assert row(world, Task, task.id).verification == "verified"
    assert row(world, Evidence, evidence.json()["id"]).data["criterion"] == criterion["id"]


def test_nothing_to_do_says_when_to_ask_again(world: World) -> None:
    response = Client(world.token).send("POST", "tasks/claim/", {})
    assert (response.status_code, response.content) == (204, b"")
    assert int(response["Retry-After"]) > 0


def test_only_the_named_projects_are_looked_at(world: World) -> None:
    work_for(world)
    client = Client(world.token)
    assert client.send("POST", "tasks/claim/", {"projects": [str(world.agent.id)]}).status_code == 204
    assert client.send("POST", "tasks/claim/", {"projects": [str(world.project.id)]}).status_code == 200


def test_an_approval_is_asked_parked_answered_and_redeemed_once(world: World) -> None:
    task = work_for(world)
    attempt = claim_one(world)
    asked = attempt.ask()
    assert asked.status_code == 201, asked.content
    approval = asked.json()
    assert approval["status"] == "pending"
    assert row(world, Execution, attempt.id).status == "waiting_for_hitl"
    assert Client(world.token).send("POST", "tasks/claim/", {}).status_code == 204
    assert attempt.send("heartbeat/", {}).json()["code"] == "lease_lost"
    assert respond(world, approval).status_code == 200

    again = claim_one(world)
    [grant] = again.claim["grants"]
    bound = {name: grant[name] for name in ("task", "action", "target_commit", "nonce")}
    assert hashlib.sha256(rfc8785.dumps(bound)).hexdigest() == grant["digest"] == approval["digest"]
    assert (grant["status"], grant["comment"]) == ("approved", "Looks right.")
    assert again.claim["context"]["previous_attempts"] == [{"attempt": 1, "status": "cancelled", "error": ""}]
    assert again.send(f"approvals/{grant['id']}/", method="GET").json()["status"] == "approved"
    wrong = again.send(f"approvals/{grant['id']}/redeem/", {"digest": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "approval_changed")
    first = again.send(f"approvals/{grant['id']}/redeem/", {"digest": grant["digest"]})
    assert first.status_code == 200
    second = again.send(f"approvals/{grant['id']}/redeem/", {"digest": grant["digest"]})
    assert (second.status_code, second.json()["code"]) == (409, "approval_used")
    assert again.send("complete/", {"result": {}, "summary": ""}).json() == {"task_status": "closed"}
    assert row(world, Task, task.id).attempt == 2


def test_an_amendment_arrives_with_the_next_claim(world: World) -> None:
    work_for(world)
    approval = claim_one(world).ask().json()
    answer = respond(world, approval, action="amend", amended_content={"command": "check"})
    assert answer.status_code == 200
    [grant] = claim_one(world).claim["grants"]
    assert (grant["status"], grant["amended_content"]) == ("amended", {"command": "check"})


def test_a_failed_attempt_is_offered_again_and_a_released_one_too(world: World) -> None:
    task = work_for(world)
    assert claim_one(world).send("release/", {}).json() == {"task_status": "open"}
    failed = claim_one(world).send("fail/", {"error": "no disk", "retryable": True})
    assert failed.json() == {"task_status": "open"}
    with world.as_("system"):
        Task.objects.filter(id=task.id).update(claimable_from=ClockTimestamp())
    last = claim_one(world)
    assert [each["status"] for each in last.claim["context"]["previous_attempts"]] == ["cancelled", "failure"]
    assert last.send("fail/", {"error": "cannot work", "retryable": False}).json() == {"task_status": "blocked"}


# --- the run log ----------------------------------------------------------------------------------------------------


def test_the_run_log_is_appended_repeated_and_read_in_ranges(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    assert attempt.append_log(0, b"hello ").json() == {"offset": 6}
    assert attempt.append_log(6, b"w\xc3\xb6rld\n").json() == {"offset": 13}
    assert attempt.append_log(0, b"hello ").status_code == 200
    gap = attempt.append_log(99, b"x")
    assert (gap.status_code, gap.json()["code"], gap.json()["expected"]) == (409, "log_offset", 13)
    other = attempt.append_log(0, b"HELLO ")
    assert (other.status_code, other.json()["code"]) == (409, "log_offset")

    reader = Client(world.tokens["viewer"])
    whole = reader.get(f"/api/v1/executions/{attempt.id}/log/", headers={"Accept": "text/plain"})
    assert body_of(whole) == "hello wörld\n".encode()
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Content-Disposition"] == 'attachment; filename="CM-1-attempt-1.log"'


@pytest.mark.parametrize(
    ("asked", "status", "content", "shown"),
    [
        ("bytes=0-4", 206, b"01234", "bytes 0-4/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=3-99", 206, b"3456789", "bytes 3-9/10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=10-", 416, None, None),
    ],
)
def test_a_range_of_the_run_log(
    world: World, asked: str, status: int, content: bytes | None, shown: str | None
) -> None:
    work_for(world)
    attempt = claim_one(world)
    for start in range(0, 10, 4):
        attempt.append_log(start, b"0123456789"[start : start + 4])
    answer = attempt.client.get(f"/api/v1/executions/{attempt.id}/log/", headers={"Range": asked})
    assert answer.status_code == status
    assert answer.get("Content-Range") == shown
    if content is not None:
        assert body_of(answer) == content
    else:
        assert answer.json()["size"] == 10


def test_a_chunk_beyond_the_limit_is_refused_unread(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    answer = attempt.append_log(0, b"x" * (256 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert row(world, Execution, attempt.id).log_size == 0


def test_the_run_log_takes_bytes_only(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    answer = attempt.send("log/?offset=0", {"line": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


# --- refusals -------------------------------------------------------------------------------------------------------

LATE = [
    ("complete/", {"result": {"passed": 1}, "summary": "late"}, "complete"),
    ("fail/", {"error": "late", "retryable": True}, "fail"),
    ("release/", {}, "release"),
    ("evidence/", {"source_type": "test_result", "title": "t", "content": "late"}, "evidence"),
    ("approvals/", {"kind": "question", "question": "?", "action": {}}, "approval"),
]


@pytest.mark.parametrize(("path", "body", "kind"), LATE)
def test_a_late_write_is_refused_and_quarantined(world: World, path: str, body: dict[str, object], kind: str) -> None:
    task = work_for(world)
    attempt = claim_one(world)
    expire_lease(world, attempt)
    answer = attempt.send(path, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")
    with world.as_("system"):
        kept = QuarantinedWrite.objects.get(execution_id=attempt.id)
        assert kept.kind == kind
        assert not Evidence.objects.exists()
        assert not ApprovalRequest.objects.exists()
        assert Execution.objects.get(id=attempt.id).status == "running"
        assert Task.objects.get(id=task.id).status == "in_progress"


def test_the_result_of_a_cancelled_task_is_late(world: World) -> None:
    task = work_for(world)
    attempt = claim_one(world)
    with world.as_("engineer"):
        cancel_task(task=task, reason="Not needed.")
    answer = attempt.send("complete/", {"result": {}, "summary": ""})
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")
    assert row(world, Task, task.id).resolution == "cancelled"


@pytest.mark.parametrize("path", ["heartbeat/", "complete/", "fail/", "release/", "evidence/", "approvals/"])
def test_the_wrong_lease_token_changes_nothing(world: World, path: str) -> None:
    work_for(world)
    attempt = claim_one(world)
    before = row(world, Execution, attempt.id).updated_at
    bodies = {late: body for late, body, _ in LATE}
    for token in ("", "wrong", "ü" * 3, attempt.token[:-1]):
        answer = attempt.send(path, bodies.get(path, {}), **{"Lease-Token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_lease_token")
    assert row(world, Execution, attempt.id).updated_at == before
    with world.as_("system"):
        assert not QuarantinedWrite.objects.exists()


def test_another_agents_lease_is_unknown(world: World, other_world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    with world.as_("engineer"):
        second = register_agent(owner=world.engineer, name="second", agent_type=AgentType.TESTER)
        token = issue_agent_token(agent=second).secret
    for foreign in (token, other_world.token):
        for path, body, _ in LATE:
            answer = Attempt(Client(foreign), attempt.claim).send(path, body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert Attempt(Client(foreign), attempt.claim).append_log(0, b"x").status_code == 404


def test_a_digest_that_differs_is_refused(world: World) -> None:
    work_for(world)
    answer = claim_one(world).hand_in(content_sha256="0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")
    assert list(answer.json()["errors"]) == ["content_sha256"]
    with world.as_("system"):
        assert not Evidence.objects.exists()


def test_a_contract_that_is_not_met_names_the_criterion(world: World) -> None:
    with_contract(world, work_for(world))
    attempt = claim_one(world)
    attempt.hand_in(exit_code=1)
    answer = attempt.send("complete/", {"result": {}, "summary": ""})
    assert (answer.status_code, answer.json()["code"]) == (422, "contract_not_met")
    [unmet] = answer.json()["errors"]
    assert unmet["criterion"] == attempt.claim["task"]["contract"]["criteria"][0]["id"]
    assert unmet["title"] == "pytest passes"
    assert "Exit code 1" in unmet["reason"]
    assert attempt.send("heartbeat/", {}).status_code == 200


def test_a_criterion_of_another_task_is_refused(world: World) -> None:
    with_contract(world, work_for(world))
    answer = claim_one(world).hand_in(criterion=str(world.agent.id))
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["criterion"])


def test_a_result_without_canonical_form_is_refused(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    answer = attempt.send("complete/", {"result": {"n": 2**60}, "summary": ""})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["result"])
    assert row(world, Execution, attempt.id).status == "running"


def test_an_expired_or_revoked_token_is_refused(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    with world.as_("system"):
        token = ApiToken.objects.get(agent_id=world.agent.id)
        ApiToken.objects.filter(id=token.id).update(expires_at=ClockTimestamp() - timedelta(seconds=1))
    expired = attempt.send("heartbeat/", {})
    with world.as_("engineer"):
        fresh = issue_agent_token(agent=world.agent)
        revoke_token(token=fresh.token, reason="lost")
    revoked = Attempt(Client(fresh.secret), attempt.claim).send("heartbeat/", {})
    for answer in (expired, revoked):
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_owner_of_the_asking_agent_may_not_decide(world: World) -> None:
    work_for(world)
    approval = claim_one(world).ask().json()
    answer = respond(world, approval, by="engineer")
    assert answer.status_code == 403
    assert answer.json()["code"] == "may_not_decide"
    assert row(world, ApprovalRequest, approval["id"]).status == "pending"


def test_the_second_answer_comes_too_late_and_another_request_is_not_decided(world: World) -> None:
    work_for(world)
    approval = claim_one(world).ask().json()
    other = respond(world, approval, digest="0" * 64)
    assert other.json()["code"] == "approval_changed"
    assert respond(world, approval, action="reject").status_code == 200
    late = respond(world, approval, by="admin")
    assert late.json()["code"] == "already_decided"
    assert row(world, ApprovalRequest, approval["id"]).status == "rejected"


def test_people_cannot_use_the_worker_protocol(world: World) -> None:
    work_for(world)
    answer = Client(world.tokens["engineer"]).send("POST", "tasks/claim/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    with world.as_("engineer"):
        token = create_token(user=world.engineer, name="x", scopes=["work"]).secret
    answer = Client(token).send("POST", "tasks/claim/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_an_agent")


# --- idempotency ----------------------------------------------------------------------------------------------------


def test_a_repeated_claim_gives_the_same_lease_and_stores_no_token(world: World) -> None:
    work_for(world)
    work_for(world)
    client = Client(world.token)
    first = client.send("POST", "tasks/claim/", {}, **{"Idempotency-Key": "k-1"})
    again = client.send("POST", "tasks/claim/", {}, **{"Idempotency-Key": "k-1"})
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    token = first.json()[0]["lease_token"]
    with world.as_("system"):
        assert token not in (IdempotencyKey.objects.get().body or "")
    other = client.send("POST", "tasks/claim/", {"limit": 2}, **{"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_an_empty_claim_may_be_repeated_with_its_key(world: World) -> None:
    client = Client(world.token)
    assert client.send("POST", "tasks/claim/", {}, **{"Idempotency-Key": "k-2"}).status_code == 204
    work_for(world)
    assert client.send("POST", "tasks/claim/", {}, **{"Idempotency-Key": "k-2"}).status_code == 200


def test_repeated_evidence_is_registered_once(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    body = {"source_type": "test_result", "title": "t", "content": "x"}
    first = attempt.send("evidence/", body, **{"Idempotency-Key": "e-1"})
    again = attempt.send("evidence/", body, **{"Idempotency-Key": "e-1"})
    assert first.json() == again.json()
    with world.as_("system"):
        assert Evidence.objects.count() == 1


def test_the_largest_evidence_fits_however_it_is_escaped(world: World) -> None:
    work_for(world)
    attempt = claim_one(world)
    answer = attempt.hand_in(content="\x1b" * (512 * 1024))
    assert answer.status_code == 201, answer.content
    too_large = attempt.hand_in(content="x" * (512 * 1024 + 1))
    assert (too_large.status_code, too_large.json()["code"]) == (422, "content_too_large")
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < 6 * 512 * 1024
