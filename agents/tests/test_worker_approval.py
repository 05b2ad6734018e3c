"""The risky step: asked for exactly, done exactly, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.tests.worker_cases import format_command, git, make_document, make_repository, outcome, run_once
from agents.tests.worker_server import FakeServer, bound_digest, make_claim
from agents.worker.approval import read_diff

TASK = "018f0000-0000-7000-8000-00000000000a"
APPROVAL = "018f0000-0000-7000-8000-00000000000b"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "origin")


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    return make_document(tmp_path / "s", format=format_command())


def claim_of(repository: Path, *grants: dict[str, Any]) -> dict[str, Any]:
    return make_claim(str(repository), {"command": "format"}, task_id=TASK, grants=list(grants))


def ask(repository: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The question of a first claim."""
    with FakeServer(claims=[claim_of(repository)]) as server:
        assert outcome(run_once(server, document)) == "parked"
        assert not server.redeemed
        assert not server.called("complete")
    (question,) = server.called("approvals")
    return question


def grant_for(question: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What the server makes of a yes to it."""
    action, commit = question["action"], question["target_commit"]
    grant = {
        "id": APPROVAL,
        "kind": question["kind"],
        "status": "approved",
        "question": question["question"],
        "action": action,
        "target_commit": commit,
        "nonce": "n1",
        "digest": bound_digest(TASK, action, commit, "n1"),
        "comment": "fine",
    }
    return {**grant, **changes}


def test_worker_asks_with_facts_and_parks(repository: Path, document: dict[str, Any]) -> None:
    question = ask(repository, document)
    action = question["action"]
    assert question["kind"] == "pre_execution"
    assert question["target_commit"] == git(repository, "rev-parse", "HEAD") == action["commit"]
    assert action["repository"] == str(repository)
    assert action["files"] == {"a.txt": "+1 -1"}
    assert question["question"].endswith("and commit 1 changed file (+1 -1 lines)?")


def test_worker_redeems_immediately_before_it_acts_and_commits(repository: Path, document: dict[str, Any]) -> None:
    grant = grant_for(ask(repository, document))
    with FakeServer(claims=[claim_of(repository, grant)]) as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    assert server.redeemed == [{"digest": grant["digest"]}]
    events = [line["event"] for line in log if line["event"] in ("redeemed", "running", "committed")]
    assert events == ["redeemed", "running", "committed"]
    (evidence,) = server.called("evidence")
    data = evidence["data"]
    assert (data["committed"], data["changed_files"], data["exit_code"]) == (True, ["a.txt"], 0)
    assert f"commit {data['new_commit']}" in evidence["content"]
    assert "Countermark worker" in evidence["content"]
    assert (repository / "a.txt").read_text() == "small\n", "the source must stay as it was"


def changed_action(question: dict[str, Any]) -> dict[str, Any]:
    action = {**question["action"], "files": {}}
    return grant_for(question, action=action, digest=bound_digest(TASK, action, question["target_commit"], "n1"))


@pytest.mark.parametrize(
    ("make_grant", "words"),
    [
        (lambda question: grant_for(question, digest="0" * 64), "digest does not belong"),
        (lambda question: grant_for(question, nonce="n2"), "digest does not belong"),
        (changed_action, "not what was approved"),
        (lambda question: grant_for(question, status="amended"), "was amended (fine)"),
        (lambda question: grant_for(question, status="rejected"), "was rejected (fine)"),
    ],
)
def test_worker_does_nothing_on_a_grant_for_something_else(
    repository: Path,
    document: dict[str, Any],
    make_grant: Callable[[dict[str, Any]], dict[str, Any]],
    words: str,
) -> None:
    grant = make_grant(ask(repository, document))
    with FakeServer(claims=[claim_of(repository, grant)]) as server:
        log = run_once(server, document)
    assert outcome(log) == "failed"
    assert not server.redeemed
    assert not [line for line in log if line["event"] == "running"]
    (failure,) = server.called("fail")
    assert failure["retryable"] is False
    assert words in failure["error"]


def test_worker_refuses_when_the_branch_has_moved(repository: Path, document: dict[str, Any]) -> None:
    grant = grant_for(ask(repository, document))
    (repository / "c.txt").write_text("NEW\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "moved")
    with FakeServer(claims=[claim_of(repository, grant)]) as server:
        run_once(server, document)
    assert not server.redeemed
    assert "but the branch is now at" in server.called("fail")[0]["error"]


def test_worker_does_nothing_when_the_server_does_not_honour_the_grant(
    repository: Path, document: dict[str, Any]
) -> None:
    grant = grant_for(ask(repository, document))
    used = (409, {"title": "Conflict", "code": "approval_used", "detail": "The approval was used already."})
    with FakeServer(claims=[claim_of(repository, grant)], redeem_reply=used) as server:
        log = run_once(server, document)
    assert not [line for line in log if line["event"] == "running"]
    assert "approval_used" in server.called("fail")[0]["error"]


def test_worker_redeems_once_although_the_reply_was_dropped(repository: Path, document: dict[str, Any]) -> None:
    grant = grant_for(ask(repository, document))
    with FakeServer(claims=[claim_of(repository, grant)], dropped_replies={"redeem": 2}) as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    assert len(server.redeemed) == 1


def test_worker_asks_nobody_when_there_is_nothing_to_change(repository: Path, document: dict[str, Any]) -> None:
    (repository / "a.txt").write_text("SMALL\n")
    git(repository, "commit", "--quiet", "-am", "formatted")
    with FakeServer(claims=[claim_of(repository)]) as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    assert not server.called("approvals")
    data = server.called("evidence")[0]["data"]
    assert "nothing was run" in data["note"]
    assert data["command"][-1] == "preview"


def test_worker_does_not_commit_other_files_than_were_approved(
    repository: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    command = document["commands"]["format"]
    command["argv"][2] += "\nif sys.argv[1] == 'act': pathlib.Path('extra.bin').write_text('more')"
    grant = grant_for(ask(repository, document))
    with FakeServer(claims=[claim_of(repository, grant)]) as server:
        log = run_once(server, document)
    assert not [line for line in log if line["event"] == "committed"]
    assert "other files changed than were approved" in server.called("fail")[0]["error"]


def test_worker_refuses_a_preview_that_acts(repository: Path, document: dict[str, Any]) -> None:
    command = document["commands"]["format"]
    command["preview"] = command["argv"]
    with FakeServer(claims=[claim_of(repository)]) as server:
        run_once(server, document)
    assert "it may only look" in server.called("fail")[0]["error"]


def test_diff_is_read_the_same_in_any_order() -> None:
    one = b"--- b.py\n+++ b.py\n@@ -1 +1,2 @@\n-x\n+y\n+z\n"
    two = b"--- a.py\n+++ a.py\n@@ -1 +1 @@\n-1\n+2\n"
    changes = read_diff(one + two)
    assert changes == read_diff(two + one)
    assert [(change.path, change.added, change.removed) for change in changes] == [("a.py", 1, 1), ("b.py", 2, 1)]
