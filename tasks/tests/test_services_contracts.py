"""Acceptance contracts: setting them, what meets each kind of criterion, and what the database refuses."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import Error, transaction

from common.errors import Conflict, Invalid
from evidence.services import About, reject_evidence, submit_evidence
from tasks.models import Criterion, CriterionKind, Evaluation, Execution, Task
from tasks.services import ContractNotMet, CriterionInput, set_contract
from tasks.services.base import lock_task
from tasks.services.contracts import RULES, Finding, evaluate
from tasks.services.leases import LeaseClaim
from tests.work import (
    PYTEST,
    SIGNOFF,
    claim_one,
    complete,
    events_of,
    hand_in,
    lease,
    make_task,
    newest_event,
    run_out,
    sql,
    started,
)
from tests.world import World


def set_on(world: World, task: Task, *criteria: CriterionInput) -> Any:
    with world.as_("engineer"):
        return set_contract(task=task, criteria=criteria)


def judged(world: World, held: LeaseClaim) -> list[Finding]:
    """Judge the task as it stands now."""
    with world.as_("system"):
        execution = Execution.objects.select_related("agent").get(id=held.execution_id)
        return evaluate(lock_task(execution.task_id), execution)


def criterion(kind: str, **parameters: Any) -> CriterionInput:
    return CriterionInput(kind=kind, title=kind, parameters=parameters)


# --- setting --------------------------------------------------------------------------------------------------------


def test_a_contract_is_set_in_order_and_recorded(world: World) -> None:
    task = make_task(world)
    contract = set_on(world, task, PYTEST, SIGNOFF)
    with world.as_("system"):
        assert list(contract.criteria.values_list("ordinal", "kind", "minimum_grade")) == [
            (1, "command_exit", "runner_reported"),
            (2, "human_signoff", "human"),
        ]
    event = newest_event(world, "contract.set")
    assert (event.task_id, event.body) == (task.id, '{"criteria":2}')


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("command_exit", "command"), ("file_digest", "path, sha256"), ("ci_check", "check"), ("url_probe", "url")],
)
def test_a_missing_parameter_is_named(world: World, kind: str, missing: str) -> None:
    with pytest.raises(Invalid) as refusal:
        set_on(world, make_task(world), PYTEST, criterion(kind))
    assert refusal.value.extra["errors"] == {"criteria[1].parameters": [f"Missing: {missing}."]}


def test_a_contract_without_criteria_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        set_on(world, make_task(world))


def test_a_contract_is_set_once_and_before_the_first_claim(world: World) -> None:
    fixed = make_task(world, PYTEST)
    running, _ = started(world, PYTEST)
    bare, _ = started(world, title="bare", priority="critical")
    for task in (fixed, running, bare):
        with pytest.raises(Conflict) as refusal:
            set_on(world, task, PYTEST)
        assert refusal.value.code == "contract_fixed"


# --- each kind ------------------------------------------------------------------------------------------------------

SHA = "a" * 64
CASES: list[tuple[CriterionInput, dict[str, Any], bool]] = [
    (criterion("command_exit", command="pytest"), {"command_name": "pytest", "exit_code": 0}, True),
    (criterion("command_exit", command="pytest"), {"command_name": "pytest", "exit_code": 1}, False),
    (criterion("command_exit", command="pytest"), {"command_name": "pytest"}, False),
    (criterion("command_exit", command="pytest"), {"command_name": "ruff", "exit_code": 0}, False),
    (criterion("command_exit", command=["pytest", "-q"]), {"command": ["pytest", "-q"], "exit_code": 0}, True),
    (criterion("command_exit", command=["pytest", "-q"]), {"command": ["pytest"], "exit_code": 0}, False),
    (criterion("command_exit", command="lint", exit_code=2), {"command_name": "lint", "exit_code": 2}, True),
    (criterion("command_exit", command="lint", exit_code=2), {"command_name": "lint", "exit_code": 0}, False),
    (criterion("command_exit", command="pytest"), {"command_name": "pytest", "exit_code": "0"}, False),
    (criterion("command_exit", command="pytest"), {"command_name": "pytest", "exit_code": False}, False),
    (criterion("file_digest", path="dist/a.whl", sha256=SHA), {"files": {"dist/a.whl": SHA}}, True),
    (criterion("file_digest", path="dist/a.whl", sha256=SHA), {"files": {"dist/a.whl": "b" * 64}}, False),
    (criterion("file_digest", path="dist/a.whl", sha256=SHA), {"files": {"other": SHA}}, False),
    (criterion("file_digest", path="dist/a.whl", sha256=SHA), {"files": [SHA]}, False),
    (criterion("ci_check", check="build"), {"check": "build", "conclusion": "success"}, True),
    (criterion("ci_check", check="build"), {"check": "build", "conclusion": "failure"}, False),
    (criterion("ci_check", check="build"), {"check": "lint", "conclusion": "success"}, False),
    (criterion("url_probe", url="http://x/health"), {"url": "http://x/health", "status": 200}, True),
    (criterion("url_probe", url="http://x/health"), {"url": "http://x/health", "status": 503}, False),
    (criterion("url_probe", url="http://x/", status=404), {"url": "http://x/", "status": 404}, True),
    (criterion("human_signoff"), {"verdict": "approved"}, False),  # an agent's word is no sign-off
    (criterion("reviewer_agent"), {"verdict": "approved"}, False),  # nor is an agent its own reviewer
]


@pytest.mark.parametrize(("wanted", "data", "is_met"), CASES)
def test_evidence_meets_a_criterion_or_does_not(
    world: World, wanted: CriterionInput, data: dict[str, Any], is_met: bool
) -> None:
    _, held = started(world, wanted)
    hand_in(world, held, data=data)
    [finding] = judged(world, held)
    assert finding.is_met is is_met
    assert finding.reason


def test_every_kind_has_a_rule_and_a_case() -> None:
    assert set(RULES) == set(CriterionKind)
    assert {case[0].kind for case in CASES} == {str(kind) for kind in CriterionKind}


@pytest.mark.parametrize(
    ("kind", "author", "verdict", "is_met"),
    [
        ("human_signoff", "reviewer", "approved", True),
        ("human_signoff", "reviewer", "rejected", False),
        ("human_signoff", "engineer", "approved", False),
        ("reviewer_agent", "reviewer", "approved", True),
    ],
)
def test_a_verdict_counts_when_somebody_else_gives_it(
    world: World, kind: str, author: str, verdict: str, is_met: bool
) -> None:
    task, held = started(world, criterion(kind))
    with world.as_(author):
        submit_evidence(
            about=About(project_id=world.project.id, task_id=task.id),
            source_type="human_code_review",
            title="verdict",
            content="looked at it",
            data={"verdict": verdict},
            author_id=world.people[author].id,
        )
    [finding] = judged(world, held)
    assert finding.is_met is is_met


def test_the_newest_evidence_decides(world: World) -> None:
    _, held = started(world, PYTEST)
    hand_in(world, held)
    hand_in(world, held, data={"command_name": "pytest", "exit_code": 1})
    [finding] = judged(world, held)
    assert (finding.is_met, finding.reason) == (False, "Exit code 1, needed 0.")


def test_weak_evidence_is_named_as_weak(world: World) -> None:
    _, held = started(world, replace(PYTEST, minimum_grade="ci_attested"))
    hand_in(world, held)
    [finding] = judged(world, held)
    assert (finding.is_met, finding.reason) == (
        False,
        "The evidence is reported by a runner; needed: attested by ci.",
    )


def test_a_bare_digest_is_too_weak_unless_the_contract_allows_it(world: World) -> None:
    for grade, is_met in (("runner_reported", False), ("self_asserted", True)):
        _, held = started(world, replace(PYTEST, minimum_grade=grade), priority="critical")
        hand_in(world, held, content=None, content_sha256=SHA)
        assert judged(world, held)[0].is_met is is_met


def test_rejected_evidence_counts_no_more(world: World) -> None:
    _, held = started(world, PYTEST)
    evidence = hand_in(world, held)
    with world.as_("reviewer"):
        reject_evidence(evidence=evidence, principal=world.reviewer.principal(), note="wrong commit")
    [finding] = judged(world, held)
    assert (finding.is_met, finding.reason) == (False, "No evidence speaks about it yet.")


def test_stale_evidence_of_an_earlier_attempt_does_not_count(world: World) -> None:
    _, first = started(world, replace(PYTEST, fresh_for_seconds=0))
    hand_in(world, first)
    run_out(world, first.execution_id)
    second = lease(world, claim_one(world).execution)
    # The tests run in one transaction, whose rows all carry its start: the clock of the attempt moves on.
    with world.as_("system"):
        Execution.objects.filter(id=second.execution_id).update(last_heartbeat_at="2099-01-01T00:00:00Z")
    [finding] = judged(world, second)
    assert (finding.is_met, finding.reason) == (False, "The evidence is older than 0 s.")


def test_a_finding_is_appended_and_recorded_only_when_it_changes(world: World) -> None:
    task, held = started(world, PYTEST)
    hand_in(world, held, data={"command_name": "pytest", "exit_code": 1})
    judged(world, held)
    judged(world, held)
    hand_in(world, held)
    assert events_of(world, task_id=task.id, event_type="criterion.evaluated") == ["criterion.evaluated"] * 2
    with world.as_("system"):
        assert list(Evaluation.objects.order_by("id").values_list("is_met", flat=True)) == [False, True]
    assert '"is_met":true' in newest_event(world, "criterion.evaluated").body


# --- the database refuses -------------------------------------------------------------------------------------------

CLOSE = (
    "UPDATE tasks_task SET status='closed', resolution='completed', closed_at=now(), claimable_from=NULL WHERE id=%s"
)


def close_by_hand(world: World, task: Task, statement: str = CLOSE) -> None:
    with transaction.atomic():
        sql(world, statement, task.id)


def test_raw_sql_cannot_complete_a_task_whose_criterion_is_not_met(world: World) -> None:
    task, held = started(world, PYTEST, replace(PYTEST, title="second"))
    with pytest.raises(Error, match="not met: tests pass, second"):
        close_by_hand(world, task)
    hand_in(world, held, data={"command_name": "pytest", "exit_code": 1})
    with pytest.raises(Error, match="not met"):
        close_by_hand(world, task)
    hand_in(world, held)
    close_by_hand(world, task)


def test_raw_sql_cannot_take_the_detour_over_another_resolution(world: World) -> None:
    task, _ = started(world, PYTEST)
    close_by_hand(world, task, CLOSE.replace("completed", "wont_fix"))
    with pytest.raises(Error, match="not met"):
        close_by_hand(world, task, "UPDATE tasks_task SET resolution = 'completed' WHERE id = %s")


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE evidence_evidence SET rejected_at = now(), rejected_by_id = (SELECT id FROM accounts_user LIMIT 1),"
        " review_note = 'x' WHERE task_id = %s",
        "UPDATE tasks_criterion SET minimum_grade = 'human' WHERE contract_id IN"
        " (SELECT id FROM tasks_acceptancecontract WHERE task_id = %s)",
    ],
)
def test_evidence_that_was_rejected_or_is_too_weak_does_not_close(world: World, spoil: str) -> None:
    task, held = started(world, PYTEST)
    hand_in(world, held)
    sql(world, spoil, task.id)
    with pytest.raises(Error, match="not met"):
        close_by_hand(world, task)


def test_evidence_of_another_task_does_not_close(world: World) -> None:
    other, other_held = started(world, PYTEST)
    evidence = hand_in(world, other_held)
    task, _ = started(world, PYTEST)
    with world.as_("system"):
        wanted = Criterion.objects.get(contract__task=task)
        Evaluation.objects.create(criterion=wanted, evidence=evidence, is_met=True, reason="forged")
    with pytest.raises(Error, match="not met"):
        close_by_hand(world, task)
    close_by_hand(world, other)


def test_the_service_refuses_to_complete_and_the_attempt_goes_on(world: World) -> None:
    _, held = started(world, PYTEST)
    with pytest.raises(ContractNotMet) as refusal:
        complete(world, held)
    [error] = refusal.value.extra["errors"]
    assert (error["title"], error["reason"]) == ("tests pass", "No evidence speaks about it yet.")
    hand_in(world, held)
    assert complete(world, held).verification == "verified"
