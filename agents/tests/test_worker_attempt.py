"""The worker at work: evidence, contracts, lost leases, directives, outages."""

import hashlib
import time
from pathlib import Path

import pytest

from agents.tests.worker_cases import git, make_document, make_repository, outcome, python, run_once
from agents.tests.worker_server import FakeServer, make_claim

SLOW = "import os,time,pathlib; pathlib.Path({path!r}).write_text(str(os.getpid())); time.sleep(60)"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "origin")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or between that and reading it
        return False
    # A zombie that nobody reaped yet has ended all the same.
    return state != "Z"


def child_of(path: Path) -> int:
    until = time.monotonic() + 15
    while not path.exists() or not path.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(path.read_text())


def test_worker_hands_in_what_the_command_said_and_completes(tmp_path: Path, repository: Path) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("print('all good')"), "source_type": "test_result"})
    criterion = {
        "id": "018f0000-0000-7000-8000-000000000001",
        "kind": "command_exit",
        "title": "check passes",
        "parameters": {"command": "check", "exit_code": 0},
    }
    with FakeServer(claims=[make_claim(str(repository), {"command": "check"}, criteria=[criterion])]) as server:
        log = run_once(server, document)
    (evidence,) = server.called("evidence")
    assert outcome(log) == "completed"
    assert evidence["content"] == "all good\n"
    assert evidence["content_sha256"] == hashlib.sha256(b"all good\n").hexdigest()
    assert evidence["criterion"] == criterion["id"]
    data = evidence["data"]
    assert (data["exit_code"], data["tool_version"], data["command_name"]) == (0, "1.2.3", "check")
    assert data["commit"] == git(repository, "rev-parse", "HEAD")
    assert b"all good\n" in next(iter(server.logs.values()))
    assert server.called("complete")[0]["result"]["steps"][0]["output_sha256"] == evidence["content_sha256"]
    assert not list((tmp_path / "s").iterdir()), "the scratch folder is left behind"


def test_worker_takes_a_failing_command_for_evidence_and_names_the_unmet_criterion(
    tmp_path: Path, repository: Path
) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("raise SystemExit(3)")})
    unmet = {"criterion": "x", "title": "check passes", "reason": "Exit code 3, needed 0."}
    refusal = (422, {"title": "Contract not met", "code": "contract_not_met", "errors": [unmet]})
    claim = make_claim(str(repository), {"command": "check"})
    with FakeServer(claims=[claim], complete_reply=refusal) as server:
        log = run_once(server, document)
    assert outcome(log) == "failed"
    assert server.called("evidence")[0]["data"]["exit_code"] == 3
    assert server.called("fail") == [
        {"error": "contract not met: check passes: Exit code 3, needed 0.", "retryable": False}
    ]


def test_worker_kills_the_command_when_the_lease_is_lost(tmp_path: Path, repository: Path) -> None:
    mark = tmp_path / "pid"
    document = make_document(tmp_path / "s", slow={"argv": python(SLOW.format(path=str(mark)))})
    claim = make_claim(str(repository), {"command": "slow"})
    server = FakeServer(claims=[claim])
    server.on_heartbeat = lambda execution: server.lost.add(execution) if mark.exists() else None
    with server:
        log = run_once(server, document)
    assert outcome(log) == "lost"
    assert not is_alive(child_of(mark))
    assert not server.called("complete")
    assert not server.called("fail")


def test_worker_stops_when_told_and_says_so(tmp_path: Path, repository: Path) -> None:
    mark = tmp_path / "pid"
    document = make_document(tmp_path / "s", slow={"argv": python(SLOW.format(path=str(mark)))})
    server = FakeServer(claims=[make_claim(str(repository), {"command": "slow"})])

    def stop_when_running(execution: str) -> None:
        server.directive = "stop" if mark.exists() else "continue"

    server.on_heartbeat = stop_when_running
    with server:
        log = run_once(server, document)
    assert outcome(log) == "failed"
    assert not is_alive(child_of(mark))
    assert server.called("fail") == [{"error": "stopped by the server's directive: because", "retryable": True}]


def test_worker_leaves_out_the_next_step_when_asked_to_wrap_up(tmp_path: Path, repository: Path) -> None:
    document = make_document(
        tmp_path / "s",
        one={"argv": python("import time; time.sleep(2.5)")},
        two={"argv": python("print('never')")},
    )
    claim = make_claim(str(repository), {"commands": ["one", "two"]})
    with FakeServer(claims=[claim], directive="wrap_up") as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    assert [evidence["data"]["command_name"] for evidence in server.called("evidence")] == ["one"]


def test_worker_asks_a_person_when_the_server_wants_it(tmp_path: Path, repository: Path) -> None:
    mark = tmp_path / "pid"
    document = make_document(tmp_path / "s", slow={"argv": python(SLOW.format(path=str(mark)))})
    server = FakeServer(claims=[make_claim(str(repository), {"command": "slow"})])

    def ask_when_running(execution: str) -> None:
        server.directive = "ask" if mark.exists() else "continue"

    server.on_heartbeat = ask_when_running
    with server:
        log = run_once(server, document)
    (question,) = server.called("approvals")
    assert outcome(log) == "parked"
    assert not is_alive(child_of(mark))
    assert (question["kind"], question["action"]["command"]) == ("question", "slow")
    assert "because" in question["question"]


def test_worker_sends_a_log_chunk_again_when_the_reply_was_dropped(tmp_path: Path, repository: Path) -> None:
    lines = 30_000
    document = make_document(tmp_path / "s", talk={"argv": python(f"[print('line', n) for n in range({lines})]")})
    claim = make_claim(str(repository), {"command": "talk"})
    with FakeServer(claims=[claim], dropped_replies={"log": 3}) as server:
        log = run_once(server, document)
    sent = server.logs[claim["execution"]["id"]]
    assert outcome(log) == "completed"
    assert sent.count(b"line ") == lines
    (evidence,) = server.called("evidence")
    assert evidence["data"]["output_cut_bytes"] > 0
    assert evidence["content"].startswith(f"[the first {evidence['data']['output_cut_bytes']} bytes are cut here")
    assert evidence["content"].endswith(f"line {lines - 1}\n")


def test_worker_repeats_a_request_with_the_same_key(tmp_path: Path, repository: Path) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("print('ok')")})
    claim = make_claim(str(repository), {"command": "check"})
    with FakeServer(
        claims=[claim], dropped_replies={"claim": 1, "evidence": 2, "complete": 1}, refused_starts=1
    ) as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    evidence = [one.headers["idempotency-key"] for one in server.seen if one.path.endswith("/evidence/")]
    assert len(evidence) == 3
    assert len(set(evidence)) == 1
    assert len(server.called("complete")) == 1


def test_worker_ends_a_command_at_its_time_limit(tmp_path: Path, repository: Path) -> None:
    document = make_document(tmp_path / "s", slow={"argv": python("import time; time.sleep(60)"), "time_limit": 1})
    with FakeServer(claims=[make_claim(str(repository), {"command": "slow"})]) as server:
        run_once(server, document)
    (failure,) = server.called("fail")
    assert failure["retryable"] is True
    assert "time limit" in failure["error"]
    assert server.called("evidence")[0]["data"]["ending"] == "time limit"


def test_worker_kills_what_a_command_left_in_the_background(tmp_path: Path, repository: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        "import subprocess,sys,pathlib;"
        f"p=subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)']);"
        f"pathlib.Path({str(mark)!r}).write_text(str(p.pid))"
    )
    document = make_document(tmp_path / "s", fork={"argv": python(code)})
    with FakeServer(claims=[make_claim(str(repository), {"command": "fork"})]) as server:
        log = run_once(server, document)
    assert outcome(log) == "completed"
    assert not is_alive(child_of(mark))


@pytest.mark.parametrize(
    ("task_input", "words"),
    [
        ({"command": "rm"}, "no command 'rm'"),
        ({"command": "list", "paths": ["../x"]}, "leads out"),
        ({"command": "list", "paths": ["/etc"]}, "leads out"),
        ({"command": "list", "paths": ["out/etc"]}, "leads out"),
        ({"command": "list", "paths": ["--help"]}, "is not a path"),
        ({"command": "list", "paths": ["a\ntxt"]}, "is not a path"),
        ({"command": "list", "paths": [".git/config"]}, "git's own"),
        ({"command": "list", "paths": ["absent.txt"]}, "does not exist"),
        ({"command": "list", "paths": {"a": 1}}, "must be a string"),
        ({"command": "list", "style": "other"}, "may not be"),
        ({"command": 5}, "must name its commands"),
        ({"commands": []}, "must name its commands"),
        ({"command": "absent"}, "is not installed"),
    ],
)
def test_worker_refuses_what_its_configuration_does_not_offer(
    tmp_path: Path, repository: Path, task_input: dict[str, object], words: str
) -> None:
    parameters = {"paths": {"default": ["."]}, "style": {"kind": "choice", "choices": ["plain"]}}
    document = make_document(
        tmp_path / "s",
        list={"argv": [*python("print(1)"), "{paths}", "{style}"], "parameters": parameters},
        absent={"argv": ["no-such-program-here"]},
    )
    with FakeServer(claims=[make_claim(str(repository), task_input)]) as server:
        run_once(server, document)
    (failure,) = server.called("fail")
    assert failure["retryable"] is False
    assert words in failure["error"]
    assert not server.called("evidence")


@pytest.mark.parametrize("url", ["ext::sh -c id", "--upload-pack=id", "relative/path", "", "git@host:\nx"])
def test_worker_refuses_a_repository_that_git_would_run(tmp_path: Path, url: str) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("print(1)")})
    with FakeServer(claims=[make_claim(url, {"command": "check"})]) as server:
        run_once(server, document)
    (failure,) = server.called("fail")
    assert (failure["retryable"], "not a path or URL" in failure["error"]) == (False, True)


def test_worker_clones_only_the_repositories_it_is_configured_for(tmp_path: Path, repository: Path) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("print(1)")})
    document["worker"]["repositories"] = [str(tmp_path / "elsewhere")]
    with FakeServer(claims=[make_claim(str(repository), {"command": "check"})]) as server:
        run_once(server, document)
    assert "not among those" in server.called("fail")[0]["error"]


def test_worker_fails_for_another_try_when_the_clone_cannot_be_made(tmp_path: Path) -> None:
    document = make_document(tmp_path / "s", check={"argv": python("print(1)")})
    with FakeServer(claims=[make_claim(str(tmp_path / "nowhere"), {"command": "check"})]) as server:
        run_once(server, document)
    (failure,) = server.called("fail")
    assert failure["retryable"] is True
    assert "git clone failed" in failure["error"]


def test_worker_fails_for_another_try_when_it_has_a_fault_itself(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("agents.worker.attempt.read_output", broken)
    document = make_document(tmp_path / "s", check={"argv": python("print(1)")})
    with FakeServer(claims=[make_claim(str(repository), {"command": "check"})]) as server:
        log = run_once(server, document)
    assert outcome(log) == "failed"
    assert server.called("fail") == [{"error": "the worker failed: KeyError: 'surprise'", "retryable": True}]
