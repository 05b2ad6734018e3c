"""The rules of delivery (requirements §9.2), G2, G7 and G11 can turn red: each is taken away once, its test notices."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.tests import test_tokens as tokens
from common.errors import DomainError
from projects.models import EscalationStep
from projects.tests import test_rules as rules
from projects.tests import test_rules_order as order
from projects.tests import test_rules_proofs as proofs
from tasks.models import Task
from tasks.services import approvals, delivery, holds
from tasks.tests import test_quorum_machine as machine
from tasks.tests import test_services_approvals as asking
from tasks.tests import test_services_decisions as quorum
from tasks.tests import test_services_editing as editing
from tasks.tests import test_services_handoffs as handoffs
from tasks.tests import test_step_up as step_up
from tests.api import test_conventions as conventions
from tests.delivery import make_delivery
from tests.world import World

pytestmark = pytest.mark.mutant

RED = (AssertionError, pytest.fail.Exception, DomainError)


class Anything(str):
    """A digest that is every digest."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def nothing(*_: Any, **__: Any) -> None:
    """Look at nothing, refuse nothing, do nothing."""


def empty(*_: Any) -> list[str]:
    return []


def only_the_agents(*place: Any, of: Any = delivery.workers_of) -> Any:
    return set(), of(*place)[1]


def counted_twice(*said: Any, of: Any = approvals.agreed) -> Any:
    return of(*said) * 2


def whoever_answered(approval: Any, _: Any) -> Any:
    return list(approval.responses.filter(counted=True).select_related("user"))


def verified_at_once(task: Task) -> None:
    Task.objects.filter(id=task.id).update(verification="verified")


def a_person_at_once(steps: list[Any]) -> Iterator[Any]:
    yield steps[0], EscalationStep.HITL


def yes(*_: Any) -> bool:
    return True


def no(*_: Any) -> bool:
    return False


# What is broken: where, by what, and the test that must notice it with these values.
DELIVERY: dict[str, tuple[str, Any, Callable[..., None]]] = {
    "1 a phase that waits for nothing": (
        "projects.services.phases.missing_for_completion",
        empty,
        rules.test_a_phase_is_completed_when_nothing_is_missing_and_its_plan_with_the_last,
    ),
    "1 a final review of other criteria": (
        "projects.queries.missing_of_review",
        empty,
        rules.test_a_final_review_is_of_the_criteria_as_they_are_and_the_newest_counts,
    ),
    "1 evidence that was rejected since": (
        "projects.services.phases.fallen",
        empty,
        rules.test_a_criterion_stands_as_long_as_its_evidence,
    ),
    "1 an agent that judges any phase": (
        "projects.services.phases.check_approver",
        nothing,
        rules.test_an_agent_judges_a_phase_as_the_owner_of_its_final_gate_only,
    ),
    "2 a gate that opens early": (
        "tasks.services.delivery.refuse_unfinished",
        nothing,
        rules.test_a_gate_opens_by_itself_with_the_last_task_and_not_before,
    ),
    "2 a gate that passes whatever its checks say": (
        "projects.services.gates.checks_in_the_way",
        empty,
        rules.test_a_gate_passes_when_every_check_passed,
    ),
    "2 a waiver by anybody": (
        "projects.services.checks.require_manager",
        nothing,
        rules.test_a_failed_check_fails_the_gate_until_it_is_mended_or_waived,
    ),
    "2 judges of their own work": (
        "tasks.services.delivery.refuse_own_work",
        nothing,
        rules.test_an_owner_who_took_the_work_over_lets_nothing_pass,
    ),
    "2 a check that is vouched for by who did the work": (
        "tasks.services.delivery.WORDS",
        (),
        rules.test_who_did_the_work_does_not_vouch_for_its_checks,
    ),
    "3 changes that reopen nothing": (
        "tasks.services.demands.reopen_reviewed",
        nothing,
        rules.test_changes_reopen_the_named_tasks_and_count_a_revision,
    ),
    "3 verdicts that outlive the work they are about": (
        "projects.services.gates.forget_verdicts",
        nothing,
        rules.test_changes_reopen_the_named_tasks_and_count_a_revision,
    ),
    "3 a run from before the changes": (
        "projects.services.checks.refuse_older",
        nothing,
        rules.test_a_run_from_before_the_changes_shows_nothing_about_them,
    ),
    "6 a failure that climbs nothing": (
        "projects.services.checks.escalate_check",
        nothing,
        order.test_a_failing_check_climbs_the_rule_of_its_area_until_a_person_decides,
    ),
    "6 a person before the backup": (
        "projects.services.escalations.steps_of",
        a_person_at_once,
        order.test_a_failing_check_climbs_the_rule_of_its_area_until_a_person_decides,
    ),
    "7 a percentage that is typed": (
        "projects.queries.Progress.percentage",
        property(lambda _: 50),
        order.test_progress_is_counted_and_reaches_100_only_at_the_end,
    ),
    "7 a gate that says nothing": (
        "projects.services.gates.record",
        nothing,
        order.test_the_whole_way_is_in_the_log,
    ),
}
WORK: dict[str, tuple[str, Any, Callable[..., None], tuple[Any, ...]]] = {
    "2 the owner of the agent that did the work": (
        "tasks.services.delivery.workers_of",
        only_the_agents,
        rules.test_nobody_judges_the_work_of_their_agent,
        (make_delivery,),
    ),
    "4 a gate that holds nothing back": (
        "tasks.services.waiting.SOURCES",
        (holds.unmet_dependencies, holds.open_handoffs),
        order.test_the_tasks_behind_a_gate_can_be_claimed_when_it_is_passed,
        (make_delivery,),
    ),
    "4 a handoff that nobody needs to accept": (
        "tasks.services.waiting.SOURCES",
        (holds.unmet_dependencies, delivery.plan_holds),
        handoffs.test_a_draft_holds_nothing_back_and_an_offer_does_until_it_is_accepted,
        (),
    ),
    "5 done is verified": (
        "tasks.services.outcomes.judge_verification",
        verified_at_once,
        editing.test_only_a_run_with_an_exit_code_verifies,
        ({"data": {"note": "looks good"}}, "unverified"),
    ),
    "2 a rejected proof still passes the gate": (
        "evidence.services.evidence.retract_proof",
        nothing,
        proofs.test_a_gate_that_was_passed_by_rejected_evidence_is_reviewed_again,
        (make_delivery,),
    ),
    "5 what rejected evidence verified stays verified": (
        "tasks.receivers.judge_without",
        nothing,
        editing.test_what_rejected_evidence_verified_is_verified_no_more_and_what_is_closed_stays_closed,
        (),
    ),
    "G2 a retry that is a request of its own": (
        "accounts.services.idempotency.reserve",
        nothing,
        conventions.test_a_retry_gets_the_first_answer_and_takes_effect_once,
        (),
    ),
    "G11 a socket that outlives its token": (
        "accounts.queries.credential_holds",
        yes,
        tokens.test_a_socket_notices_that_its_token_was_revoked,
        (),
    ),
    "G7 who asks decides": (
        "tasks.services.approvals.may_decide",
        yes,
        asking.test_who_asked_and_who_is_not_entitled_may_not_decide,
        ("engineer",),
    ),
    "G7 one person is a quorum": (
        "tasks.services.approvals.agreed",
        counted_twice,
        quorum.test_what_is_critical_needs_a_second_person,
        (),
    ),
    "G7 one person is a quorum, found at random": (
        "tasks.services.approvals.agreed",
        counted_twice,
        machine.test_nothing_is_redeemed_that_two_people_did_not_allow,
        (2,),
    ),
    "G7 a right that is not looked at again, found at random": (
        "tasks.services.approvals.still_entitled",
        yes,
        machine.test_nothing_is_redeemed_that_two_people_did_not_allow,
        (40,),
    ),
    "G7 two who say different things agree": (
        "tasks.services.approvals.agreed",
        whoever_answered,
        quorum.test_people_who_say_different_things_do_not_agree,
        (),
    ),
    "G7 a right that is not looked at again": (
        "tasks.services.approvals.still_entitled",
        yes,
        quorum.test_each_of_the_quorum_is_asked_for_again_at_redemption,
        (),
    ),
    "G7 a grant for whatever is done": (
        "tasks.services.approvals.action_digest",
        lambda **_: Anything(),
        asking.test_a_grant_that_is_not_what_was_approved_any_more_is_refused,
        (asking.spoil_action, "approval_changed"),
    ),
    "G7 a risky step decided by a browser that was left": (
        "tasks.services.approvals.needs_proof",
        no,
        step_up.test_a_risky_one_is_not_decided_without_a_recent_proof,
        ("critical", None),
    ),
}


@pytest.mark.parametrize("name", DELIVERY)
def test_a_rule_of_delivery_that_is_taken_away_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place, mutant, test = DELIVERY[name]
    made = make_delivery(world)
    monkeypatch.setattr(place, mutant)
    values = {"world": world, "delivery": made}
    with pytest.raises(RED):
        test(**{name: values[name] for name in test.__code__.co_varnames[: test.__code__.co_argcount]})


@pytest.mark.parametrize("name", WORK)
def test_a_rule_of_work_that_is_taken_away_is_missed(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    place, mutant, test, values = WORK[name]
    given = [make_delivery(world) if value is make_delivery else value for value in values]
    monkeypatch.setattr(place, mutant)
    with pytest.raises(RED):
        test(world, *given)
