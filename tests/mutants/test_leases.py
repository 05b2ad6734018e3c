"""G1 and G7 can turn red."""

from typing import Any

import pytest
from django.db import IntegrityError

from tasks.models import ApprovalRequest, ExecutionStatus
from tasks.querysets import ApprovalQuerySet
from tasks.services import approvals, attempts, leases, standing_rules
from tests.guarantees.fence import (
    check_a_grant_works_once,
    check_a_rule_leaves_what_is_critical_to_people,
    check_the_fence,
)
from tests.world import World

pytestmark = pytest.mark.mutant


def test_no_fence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "why_lost", lambda *_: "")
    with pytest.raises(AssertionError, match="accepted after its lease had run out"):
        check_the_fence(world)


def test_a_fence_that_forgets_who_overtook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the clock is looked at, not the attempt, and any state leads to any. The database itself still refuses."""
    real = leases.why_lost

    def only_the_clock(task: Any, execution: Any, now: Any) -> str:
        reason = real(task, execution, now)
        return reason if "ran out" in reason else ""

    monkeypatch.setattr(leases, "why_lost", only_the_clock)
    monkeypatch.setattr(attempts, "FROM", dict.fromkeys(ExecutionStatus, tuple(ExecutionStatus)))
    with pytest.raises(IntegrityError, match="an ended execution does not change"):
        check_the_fence(world)


def test_no_quarantine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "quarantine", lambda *_: None)
    with pytest.raises(AssertionError, match="the late result was not kept"):
        check_the_fence(world)


def test_a_grant_that_is_not_used_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = approvals.refuse_redemption

    def forget_the_use(approval: ApprovalRequest, digest: str) -> None:
        approval.redeemed_at = None
        real(approval, digest)

    def granting(self: ApprovalQuerySet) -> ApprovalQuerySet:
        return self.filter(status__in=["approved", "amended"])

    monkeypatch.setattr(approvals, "refuse_redemption", forget_the_use)
    monkeypatch.setattr(ApprovalQuerySet, "granting", granting)
    with pytest.raises(AssertionError, match="the grant was used twice"):
        check_a_grant_works_once(world)


def test_a_standing_rule_that_answers_what_is_critical(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_rules, "may_answer", lambda *_: True)
    monkeypatch.setattr(standing_rules, "RANK", {"low": 0, "high": 0, "critical": 0})
    with pytest.raises(AssertionError, match="a rule approved what is critical"):
        check_a_rule_leaves_what_is_critical_to_people(world)
