"""What answers do: quorums, options, standing rules, escalation, answers in bulk, and refused results."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from agents.models import EmergencyStop
from common.errors import Conflict, DomainError, Invalid
from projects.models import Project, ProjectMember
from projects.services import add_member
from tasks.models import ApprovalRequest, Execution, StandingRule, StandingRuleResponse, Task
from tasks.queries import approval_history, approval_statistics
from tasks.services import (
    Answer,
    ask_if_needed,
    ask_people,
    create_standing_rule,
    escalate_approvals,
    redeem_approval,
    respond_to_approvals,
    revoke_standing_rule,
    submit_signoff,
)
from tasks.services.oversight import Circumstances
from tests.work import (
    SIGNOFF,
    acting,
    answer,
    ask,
    claim_one,
    complete,
    events_of,
    lease,
    make_task,
    newest_event,
    set_raw,
    sql,
    started,
)
from tests.world import World

SHELL = {"type": "shell.format", "command": "ruff format"}


def asked(world: World, **values: Any) -> tuple[Task, ApprovalRequest]:
    task, claim = started(world)
    return task, ask(world, claim, **values)


def fresh(world: World, row: Any) -> Any:
    with world.as_("system"):
        return type(row)._default_manager.get(id=row.id)


def redeem(world: World, approval: ApprovalRequest) -> ApprovalRequest:
    claim = lease(world, claim_one(world).execution)
    with acting(world, "agent"):
        return redeem_approval(claim=claim, approval_id=approval.id, digest=approval.digest)


# --- quorum ---------------------------------------------------------------------------------------------------------


def test_what_is_critical_needs_a_second_person(world: World) -> None:
    task, approval = asked(world, risk="critical")
    assert answer(world, approval).status == "pending"
    assert fresh(world, task).claimable_from is None
    event = newest_event(world, "approval.endorsed")
    assert '"agreeing":1' in event.body
    assert '"quorum":2' in event.body
    with pytest.raises(Conflict) as refusal:
        answer(world, approval)
    assert refusal.value.code == "already_answered"
    assert answer(world, approval, who="admin").status == "approved"
    assert redeem(world, approval).redeemed_at


def test_one_no_is_enough(world: World) -> None:
    task, approval = asked(world, risk="critical")
    answer(world, approval)
    assert answer(world, approval, "reject", who="admin").status == "rejected"
    assert fresh(world, task).status == "blocked"


def test_people_who_say_different_things_do_not_agree(world: World) -> None:
    _, approval = asked(world, risk="critical")
    answer(world, approval, "amend", amended_content={"command": "a"})
    assert answer(world, approval, "amend", who="admin", amended_content={"command": "b"}).status == "pending"


def test_each_of_the_quorum_is_asked_for_again_at_redemption(world: World) -> None:
    _, approval = asked(world, risk="critical")
    answer(world, approval)
    answer(world, approval, who="admin")
    with world.as_("admin"):
        ProjectMember.objects.filter(user=world.reviewer).update(role="viewer")
    with pytest.raises(Conflict) as refusal:
        redeem(world, approval)
    assert refusal.value.code == "approval_refused"


# --- options --------------------------------------------------------------------------------------------------------


def about_failure(world: World, trigger: str = "agent_error") -> tuple[Task, ApprovalRequest]:
    task, claim = started(world)
    return task, ask(world, claim, kind="question", trigger=trigger)


@pytest.mark.parametrize(
    ("trigger", "key", "action", "status", "resolution"),
    [
        ("agent_error", "retry", "approve", "in_progress", None),
        ("agent_error", "skip", "approve", "closed", "wont_fix"),
        ("agent_error", "modify", "amend", "in_progress", None),
        ("agent_error", "cancel", "reject", "closed", "cancelled"),
        ("conflict_detected", "reject_resolution", "reject", "blocked", None),
        ("budget_exceeded", "continue", "approve", "in_progress", None),
        ("budget_exceeded", "pause", "reject", "blocked", None),
        ("budget_exceeded", "cancel_project", "reject", "blocked", None),
        ("safety_violation", "mitigate", "approve", "in_progress", None),
        ("safety_violation", "fix", "reject", "open", None),
        ("safety_violation", "escalate", "reject", "blocked", None),
    ],
)
def test_an_option_does_what_it_says(
    world: World, trigger: str, key: str, action: str, status: str, resolution: str | None
) -> None:
    task, approval = about_failure(world, trigger)
    amendment: dict[str, Any] = {"amended_content": {"instructions": "Only the tests."}} if action == "amend" else {}
    answer(world, approval, action, selected_option=key, **amendment)
    found = fresh(world, task)
    assert (found.status, found.resolution) == (status, resolution)
    assert found.instructions == ("Only the tests." if action == "amend" else "")
    with world.as_("system"):
        assert EmergencyStop.objects.active().count() == (key == "pause")
        assert Project.objects.get(id=task.project_id).status == ("cancelled" if key == "cancel_project" else "active")
        again = ApprovalRequest.objects.pending().filter(kind="escalation")
        assert [(one.risk, one.quorum) for one in again] == ([("critical", 2)] if key == "escalate" else [])


def test_an_agents_own_words_do_not_cancel_anything(world: World) -> None:
    task, claim = started(world)
    own = [{"key": "cancel", "label": "No", "action": "reject", "effect": "x"}]
    approval = ask(world, claim, kind="question", trigger="agent_error", options=own)
    answer(world, approval, "reject", selected_option="cancel")
    assert fresh(world, task).status == "blocked"


def test_oversight_decides_whether_anybody_is_asked(world: World) -> None:
    task, claim = started(world)
    question: dict[str, Any] = {
        "kind": "question",
        "question": "Good enough?",
        "action": {},
        "trigger": "quality_threshold",
    }
    with acting(world, "agent"):
        sure = Circumstances(confidence=Decimal(1))
        assert ask_if_needed(claim=claim, circumstances=sure, **question) is None
        asked = ask_if_needed(claim=claim, circumstances=Circumstances(), **question)
    assert asked is not None
    assert fresh(world, task).claimable_from is None


# --- without a task -------------------------------------------------------------------------------------------------


def test_people_ask_too_and_do_not_answer_themselves(world: World) -> None:
    with acting(world, "reviewer"):
        question: dict[str, Any] = {"kind": "budget_override", "question": "More?", "action": {"usd": 5}}
        approval = ask_people(project=world.project, principal=world.reviewer.principal(), **question)
    with pytest.raises(DomainError, match="Deciders"):
        answer(world, approval)
    assert answer(world, approval, who="engineer").status == "approved"
    with pytest.raises(Invalid), acting(world, "reviewer"):
        ask_people(project=world.project, principal=world.reviewer.principal(), **{**question, "kind": "phase_gate"})


# --- standing rules -------------------------------------------------------------------------------------------------


def rule(world: World, who: str = "reviewer", **values: Any) -> StandingRule:
    told: dict[str, Any] = {
        "answer": "approve",
        "reason": "Formatting is harmless.",
        "action_pattern": "shell.*",
        "expires_at": timezone.now() + timedelta(days=1),
    }
    with acting(world, who):
        principal = replace(world.people[who].principal(), proved_at=timezone.now())
        return create_standing_rule(project=world.project, principal=principal, **told | values)


def test_a_rule_answers_at_once_and_says_whose_it_is(world: World) -> None:
    made = rule(world)
    _, approval = asked(world, action=SHELL)
    assert (approval.status, approval.decided_by_rule_id, approval.decided_by_id) == ("approved", made.id, None)
    assert redeem(world, approval).redeemed_at
    with world.as_("system"):
        assert StandingRuleResponse.objects.get().approval_id == approval.id
        assert StandingRule.objects.get().uses == 1


@pytest.mark.parametrize(
    ("made", "question"),
    [
        ({}, {"action": {"type": "deploy"}}),
        ({}, {"action": {"command": "shell.format"}}),
        ({"action_pattern": "shell.[a-z]*"}, {"action": SHELL}),
        ({"kind": "question"}, {"action": SHELL}),
        ({"trigger": "agent_error"}, {"action": SHELL}),
        ({}, {"action": SHELL, "risk": "high"}),
        ({"highest_risk": "high"}, {"action": SHELL, "risk": "critical"}),
        ({"who": "engineer"}, {"action": SHELL}),
    ],
)
def test_a_rule_answers_nothing_else(world: World, made: dict[str, Any], question: dict[str, Any]) -> None:
    rule(world, **made)
    assert asked(world, **question)[1].status == "pending"


def test_a_rule_that_refuses_comes_first(world: World) -> None:
    rule(world)
    rule(world, answer="reject", highest_risk="critical")
    task, approval = asked(world, action=SHELL)
    assert (approval.status, fresh(world, task).status) == ("rejected", "blocked")


def test_a_rule_is_used_up(world: World) -> None:
    rule(world, max_uses=1)
    assert asked(world, action=SHELL)[1].status == "approved"
    complete(world, lease(world, claim_one(world).execution))
    assert asked(world, action=SHELL)[1].status == "pending"


def revoked(world: World, made: StandingRule) -> None:
    with acting(world, "engineer"):
        revoke_standing_rule(rule=made, principal=world.engineer.principal(), reason="no more")


def run_out(world: World, made: StandingRule) -> None:
    sql(world, "UPDATE tasks_standingrule SET created_at = '2026-01-01', expires_at = '2026-01-02'")


def maker_left(world: World, made: StandingRule) -> None:
    with world.as_("admin"):
        ProjectMember.objects.filter(user=world.reviewer).update(role="viewer")


@pytest.mark.parametrize("spoil", [revoked, run_out, maker_left])
def test_a_rule_that_does_not_hold_any_more_is_not_redeemed(world: World, spoil: Any) -> None:
    made = rule(world)
    _, approval = asked(world, action=SHELL)
    spoil(world, made)
    with pytest.raises(Conflict) as refusal:
        redeem(world, approval)
    assert refusal.value.code == "approval_refused"


@pytest.mark.parametrize(
    "values",
    [
        {"action_pattern": "*"},
        {"action_pattern": ""},
        {"highest_risk": "critical"},
        {"expires_at": timezone.now() + timedelta(days=91)},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_rule_is_narrow_and_ends(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        rule(world, **values)


def test_of_many_redemptions_of_a_rules_grant_one_works(committed_world: World) -> None:
    world = committed_world
    rule(world)
    _, approval = asked(world, action=SHELL)
    claim = lease(world, claim_one(world, lease_seconds=3600).execution)
    barrier, codes = threading.Barrier(32), []

    def race() -> None:
        barrier.wait()
        try:
            with acting(world, "agent"):
                redeem_approval(claim=claim, approval_id=approval.id, digest=approval.digest)
            codes.append("")
        except Conflict as refusal:
            codes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["", *["approval_used"] * 31]


# --- waiting too long -----------------------------------------------------------------------------------------------


def test_who_is_not_answered_is_heard_by_owners_then_by_managers(world: World) -> None:
    _, approval = asked(world)
    for level, concerned in ((1, [world.engineer.id]), (2, [world.admin.id])):
        set_raw(world, "tasks_approvalrequest", "escalates_at = now() - interval '1 s'", approval.id)
        with world.as_("system"):
            assert (escalate_approvals(), escalate_approvals()) == (1, 0)
        assert fresh(world, approval).escalation_level == level
        assert newest_event(world, "approval.escalated").concerns == concerned
    assert fresh(world, approval).escalates_at is None


# --- in bulk --------------------------------------------------------------------------------------------------------


def several(world: World) -> list[ApprovalRequest]:
    return [asked(world)[1] for _ in range(2)]


def test_several_are_answered_together_or_not_at_all(world: World) -> None:
    first, second = several(world)
    yes: dict[str, Any] = {"action": "approve", "comment": "both"}
    answers = [(first, Answer(digest=first.digest, **yes)), (second, Answer(digest="0" * 64, **yes))]
    with pytest.raises(Conflict) as refusal, acting(world, "reviewer"):
        respond_to_approvals(principal=world.reviewer.principal(), answers=answers)
    assert list(refusal.value.extra["errors"]) == ["items[1]"]
    assert [fresh(world, one).status for one in (first, second)] == ["pending"] * 2
    with acting(world, "reviewer"):
        answers = [(one, Answer(digest=one.digest, **yes)) for one in (first, second)]
        decided = respond_to_approvals(principal=world.reviewer.principal(), answers=answers)
    assert [one.status for one in decided] == ["approved"] * 2
    for wrong in ([], answers[:1] * 2, answers * 6):
        with pytest.raises(Invalid), acting(world, "reviewer"):
            respond_to_approvals(principal=world.reviewer.principal(), answers=wrong)


def test_statistics_and_history_say_what_was_decided(world: World) -> None:
    with world.as_("viewer"):
        empty = approval_statistics(ApprovalRequest.objects.all())
        assert (empty["total"], empty["approval_rate"], empty["average_response_time_hours"]) == (0, None, None)
    first, second = several(world)
    answer(world, first)
    answer(world, second, "reject")
    with pytest.raises(Conflict):
        answer(world, first, "reject", who="admin")
    with world.as_("viewer"):
        found = approval_statistics(ApprovalRequest.objects.visible_to(world.viewer.principal()))
        assert (found["total"], found["approved"], found["rejected"], found["approval_rate"]) == (2, 1, 1, 0.5)
        assert 0 <= found["average_response_time_hours"] < 1
        told = [(entry.action, entry.counted) for entry in approval_history(first)]
    assert ("requested", None) in told
    assert ("approve", True) in told
    assert ("reject", False) in told


# --- refused results ------------------------------------------------------------------------------------------------


def test_a_refused_result_makes_room_for_another(world: World) -> None:
    task, claim = started(world, SIGNOFF)
    complete(world, claim)
    with acting(world, "reviewer"):
        submit_signoff(task=task, principal=world.reviewer.principal(), approved=False, comment="No tests.")
    found = fresh(world, task)
    assert (found.status, found.status_reason) == ("open", "Changes requested: No tests.")
    again = claim_one(world)
    complete(world, lease(world, again.execution))
    with acting(world, "reviewer"):
        submit_signoff(task=task, principal=world.reviewer.principal(), approved=True, comment="Good.")
    assert fresh(world, task).resolution == "completed"
    with world.as_("system"):
        results = Execution.objects.order_by("attempt").values_list("status", "set_aside_reason")
        assert list(results) == [("success", "Changes requested: No tests."), ("success", "")]
        assert Execution.objects.accepted().count() == 1
    assert "task.reopened" in events_of(world)


def test_a_maintainer_more_may_decide(world: World) -> None:
    _, approval = asked(world)
    with acting(world, "admin"):
        add_member(project=world.project, user=world.stranger, role="maintainer")
    assert answer(world, approval, who="stranger").status == "approved"
    make_task(world)
