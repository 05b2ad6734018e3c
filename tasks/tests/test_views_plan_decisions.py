"""Deciding on a plan's page: who may, what it does, that nothing typed is lost, and what the plan is measured by."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from evidence.services import reject_evidence
from projects import services
from tasks.models import ApprovalRequest, Task
from tasks.queries import own_work
from tasks.services import ask_people
from tasks.services.delivery import workers_of
from tasks.tests.test_views import statements
from tasks.tests.test_views_plan import page_of
from tasks.tests.view_cases import body
from tests.delivery import TRANSITION, Delivery, make_delivery
from tests.staff import signed_in
from tests.work import acting, set_raw
from tests.world import World

PARTS = ("review", "judge", "final", "waive", "waive-check", "goal", "start", "complete")
PLACES = {
    "review": ("gates", "review"),
    "judge": ("checks", "judge"),
    "final": ("phases", "final"),
    "waive": ("gates", "waive"),
    "waive-check": ("checks", "waive"),
    "goal": ("criteria", "decide"),
    "start": ("phases", "start"),
    "complete": ("phases", "complete"),
}
OFFERED_AGAIN = ("judge", "goal")
"""what may be decided otherwise afterwards"""
# Session, context, plan, the log's head, the inbox; the person in the rail; what is decided already.
MOST_OF_RECORDS = 16


@pytest.fixture
def delivery(world: World) -> Delivery:
    """An open gate whose command passed; its other check waits for a person."""
    made = make_delivery(world)
    made.finish()
    made.run()
    return made


def target(delivery: Delivery, part: str) -> str:
    place, verb = PLACES[part]
    rows = {
        "gates": delivery.gate,
        "checks": delivery.manual_check,
        "criteria": delivery.criterion,
        "phases": delivery.phase,
    }
    return f"{page_of(delivery)}{place}/{rows[place].id}/{verb}/"


def sent(part: str) -> dict[str, str]:
    return {
        "review": {"verdict": "approved"},
        "judge": {"state": "pass", "reason": "Read it."},
        "final": {"verdict": "approved", "transition_document": "Read the notes."},
        "waive": {"reason": "The trial ends today."},
        "waive-check": {"reason": "Known."},
        "goal": {"state": "failed", "reason": "It does not start."},
        "start": {},
        "complete": {},
    }[part]


def get_ready_for(delivery: Delivery, part: str) -> None:
    if part in {"review", "final", "complete"}:
        delivery.judge()
    if part in {"final", "complete"}:
        delivery.approve()
        delivery.meet()
    if part == "complete":
        delivery.call(services.judge_phase, phase=delivery.phase, **TRANSITION)
    if part == "start":
        # As it was before it began.
        set_raw(delivery.world, "projects_phase", "status = 'pending', started_at = NULL")


@pytest.mark.parametrize("part", PARTS)
def test_who_is_entitled_decides_and_others_do_not(delivery: Delivery, other_world: World, part: str) -> None:
    world, path = delivery.world, target(delivery, part)
    get_ready_for(delivery, part)
    assert signed_in(world.viewer).post(path, sent(part)).status_code == 403
    assert signed_in(world.stranger).post(path, sent(part)).status_code == 404
    assert signed_in(other_world.admin).post(path, sent(part)).status_code == 404
    assert Client().post(path, sent(part)).headers["Location"].startswith("/sign-in/")
    for method in ("get", "put", "delete"):
        assert getattr(signed_in(world.reviewer), method)(path).status_code == 405
    offered = {person: path in page(delivery, person) for person in ("reviewer", "engineer", "viewer")}
    assert offered == {"reviewer": True, "engineer": True, "viewer": False}
    set_raw(world, "projects_projectmember", "role = 'contributor' WHERE role = 'owner'")
    assert (path in page(delivery, "engineer")) is (part == "judge")
    assert signed_in(world.engineer).post(path, {}).status_code == (422 if part == "judge" else 403)
    answer = signed_in(world.reviewer).post(path, sent(part))
    assert answer.headers["Location"].startswith(f"{page_of(delivery)}#")
    assert path not in page(delivery) or part in OFFERED_AGAIN


def page(delivery: Delivery, person: str = "reviewer") -> str:
    return body(signed_in(delivery.world.people[person]).get(page_of(delivery)))


@pytest.mark.parametrize("part", PARTS)
def test_a_row_of_another_plan_is_not_found(delivery: Delivery, part: str) -> None:
    with acting(delivery.world, "engineer"):
        other = services.create_plan(project=delivery.world.project, name="Some day")
    path = target(delivery, part).replace(str(delivery.plan.id), str(other.id))
    assert signed_in(delivery.world.reviewer).post(path, sent(part)).status_code == 404


def test_a_check_is_judged_and_its_gate_passed_on_the_page(delivery: Delivery) -> None:
    client = signed_in(delivery.world.reviewer)
    client.post(target(delivery, "judge"), {"state": "pass", "reason": "Read it twice."})
    check = delivery.now(delivery.manual_check)
    assert (check.state, check.checked_by_user_id) == ("pass", delivery.world.reviewer.id)
    client.post(target(delivery, "review"), {"verdict": "approved", "comments": "Good."})
    assert delivery.now(delivery.gate).status == "passed"
    assert "as it was printed" in page(delivery, "viewer")


def test_a_gate_that_needs_changes_says_why(delivery: Delivery) -> None:
    words = {"verdict": "changes_requested", "comments": "Name the months."}
    signed_in(delivery.world.reviewer).post(target(delivery, "review"), words)
    gate = delivery.now(delivery.gate)
    assert (gate.status, gate.cycle) == ("changes_requested", 1)


def test_a_phase_goes_its_whole_way_on_the_page(delivery: Delivery) -> None:
    world, client = delivery.world, signed_in(delivery.world.reviewer)
    proof = delivery.evidence(exit_code=0)
    client.post(target(delivery, "waive-check"), {"reason": "Nobody has time to read it."})
    check = delivery.now(delivery.manual_check)
    assert (check.state, check.waived_reason) == ("pending", "Nobody has time to read it.")
    client.post(target(delivery, "review"), sent("review"))
    assert f'value="{proof.id}"' in page(delivery)
    client.post(target(delivery, "goal"), {"state": "met", "evidence": str(proof.id)})
    criterion = delivery.now(delivery.criterion)
    assert (criterion.state, criterion.evidence_id, criterion.decided_by_id) == ("met", proof.id, world.reviewer.id)
    client.post(target(delivery, "final"), sent("final"))
    client.post(target(delivery, "complete"))
    assert delivery.now(delivery.phase).status == "completed"
    assert target(delivery, "goal") not in page(delivery)


def test_a_review_of_other_criteria_is_asked_for_again_in_words_and_by_the_form(delivery: Delivery) -> None:
    get_ready_for(delivery, "complete")
    assert "Complete the phase" in page(delivery)
    signed_in(delivery.world.reviewer).post(target(delivery, "goal"), {"state": "waived", "reason": "Enough."})
    shown = page(delivery)
    assert (target(delivery, "final") in shown, target(delivery, "complete") in shown) == (True, False)
    assert ("Ask for the final review" in shown, "Complete the phase" in shown) == (True, False)


def test_a_waived_gate_lets_the_next_work_begin(delivery: Delivery) -> None:
    signed_in(delivery.world.reviewer).post(target(delivery, "waive"), sent("waive"))
    gate = delivery.now(delivery.gate)
    assert (gate.status, gate.waived_reason) == ("waived", "The trial ends today.")
    assert "Waived: The trial ends today." in page(delivery, "viewer")


def test_a_phase_begins_when_the_one_before_it_is_completed(delivery: Delivery) -> None:
    with acting(delivery.world, "engineer"):
        after = services.create_phase(plan=delivery.plan, name="Afterwards", depends_on=delivery.phase)
    path = f"{page_of(delivery)}phases/{after.id}/start/"
    assert path not in page(delivery)
    answer = signed_in(delivery.world.reviewer).post(path, headers={"HX-Request": "true"})
    assert (answer.status_code, "is not completed" in body(answer)) == (422, True)
    set_raw(delivery.world, "projects_phase", "depends_on_id = NULL", after.id)
    signed_in(delivery.world.reviewer).post(path)
    assert delivery.now(after).status == "in_progress"


def test_a_criterion_is_met_by_evidence_of_its_own_project_that_stands(delivery: Delivery, other_world: World) -> None:
    client, path = signed_in(delivery.world.reviewer), target(delivery, "goal")
    foreign = make_delivery(other_world).evidence(exit_code=0)
    rejected = delivery.evidence(exit_code=0)
    delivery.call(reject_evidence, evidence=rejected, note="Of another branch.")
    for one in (foreign, rejected):
        answer = client.post(path, {"state": "met", "evidence": str(one.id)}, headers={"HX-Request": "true"})
        assert (answer.status_code, "Choose evidence that stands." in body(answer)) == (422, True)
    assert delivery.now(delivery.criterion).state == "pending"


REFUSED: dict[str, tuple[str, dict[str, str], str, str]] = {
    "changes without words": ("review", {"verdict": "changes_requested", "comments": " "}, "Required.", ""),
    "an approval before every check": ("review", {"verdict": "approved", "comments": "kept"}, "Reads well", "kept"),
    "a skip without a reason": ("judge", {"state": "skipped", "reason": ""}, "Required.", ""),
    "no verdict at all": ("judge", {"state": "", "reason": "kept"}, "Say which.", "kept"),
    "a waiver without words": ("waive", {"reason": " "}, "Say why: it is kept in the log.", ""),
    "a criterion met by nothing": ("goal", {"state": "met", "reason": "kept"}, "Required.", "kept"),
    "a criterion waived without words": ("goal", {"state": "waived", "reason": ""}, "Required.", ""),
    "a phase that is not complete": ("complete", {}, "Criterion 1", ""),
    "a phase that is not ready": ("final", {**sent("final"), "knowledge_updates": "kept"}, "Criterion 1", "kept"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("partial", [True, False], ids=["with htmx", "without JavaScript"])
def test_what_is_refused_says_so_and_keeps_what_was_typed(delivery: Delivery, case: str, partial: bool) -> None:
    part, given, words, typed = REFUSED[case]
    headers = {"HX-Request": "true"} if partial else {}
    answer = signed_in(delivery.world.reviewer).post(target(delivery, part), given, headers=headers)
    assert answer.status_code == 422
    shown = body(answer)
    assert words in shown
    assert typed in shown or (part == "final" and not partial)  # the form has no place before the phase is ready
    assert ("<html" in shown) is not partial


def test_an_accepted_form_is_answered_with_the_region_that_it_changed(delivery: Delivery) -> None:
    client = signed_in(delivery.world.reviewer)
    answer = client.post(target(delivery, "judge"), sent("judge"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#plan")
    assert "2 of 2 checks" in body(answer)


def test_nobody_is_offered_to_judge_their_own_work(delivery: Delivery) -> None:
    world = delivery.world
    with world.as_("system"):
        Task.objects.filter(id=delivery.tasks[0].id).update(assigned_user=world.reviewer)
    shown = page(delivery)
    for part in ("review", "judge"):
        assert target(delivery, part) not in shown
        answer = signed_in(world.reviewer).post(target(delivery, part), sent(part), headers={"HX-Request": "true"})
        assert "Nobody judges the work they or their agents do." in body(answer)
    assert target(delivery, "review") in page(delivery, "admin")


def test_own_work_is_what_the_rule_of_judges_refuses(delivery: Delivery) -> None:
    world, first, phase = delivery.world, delivery.first, delivery.phase

    def agrees() -> None:
        with world.as_("system"):
            for person in world.people.values():
                own = own_work(person.id, [phase.id])
                assert (person.id in workers_of(phase.id, first.id)[0]) is ((phase.id, first.id) in own), person
                assert (person.id in workers_of(phase.id, None)[0]) is bool(own), person

    agrees()
    for assigned in ({"assigned_user": world.reviewer}, {"assigned_user": None, "assigned_agent": world.agent}):
        with world.as_("system"):
            Task.objects.filter(id=delivery.tasks[0].id).update(**assigned)
        agrees()


# --- what was asked about a gate or a phase --------------------------------------------------------------------------


def asked(delivery: Delivery, **about: Any) -> ApprovalRequest:
    world = delivery.world
    with acting(world, "engineer"):
        question: dict[str, Any] = {"kind": "phase_gate", "question": "Is it good?", "action": {}, **about}
        return ask_people(project=world.project, principal=world.engineer.principal(), **question)


def test_a_question_about_a_gate_is_decided_on_the_plan(delivery: Delivery) -> None:
    delivery.judge()
    approval = asked(delivery, gate=delivery.gate)
    decide = f'action="/inbox/{approval.id}/"'
    assert [decide in page(delivery, who) for who in ("reviewer", "engineer", "viewer")] == [True, False, False]
    assert "Is it good?" in page(delivery, "viewer")
    client = signed_in(delivery.world.reviewer)
    for path in (f"/inbox/{approval.id}/", f"/f/inbox/{approval.id}/", "/inbox/"):
        assert page_of(delivery) in body(client.get(path)), path
    form = {"action": "approve", "comment": "Good.", "digest": approval.digest, "next": page_of(delivery)}
    assert client.post(f"/inbox/{approval.id}/", form).headers["Location"] == page_of(delivery)
    assert delivery.now(delivery.gate).status == "passed"
    assert decide not in page(delivery)


def test_a_risky_question_asks_who_it_is_first(delivery: Delivery) -> None:
    delivery.judge()
    approval = asked(delivery, gate=delivery.gate, risk="high")
    with delivery.world.as_("system"):
        assert approval.risk == "high"
    client = signed_in(delivery.world.reviewer)
    session = client.session
    session["proved_at"] = 0
    session.save()
    shown = body(client.get(page_of(delivery)))
    assert "Confirm that it is you" in shown
    assert f'action="/inbox/{approval.id}/"' not in shown


def test_a_task_leads_to_its_plan(delivery: Delivery) -> None:
    task = body(signed_in(delivery.world.viewer).get(f"/tasks/{delivery.tasks[0].id}/"))
    assert f'href="{page_of(delivery)}"' in task


# --- measures and decisions ------------------------------------------------------------------------------------------


def test_measures_and_decisions_of_a_plan_are_shown_to_its_members(delivery: Delivery, other_world: World) -> None:
    world, path = delivery.world, f"{page_of(delivery)}records/"
    assert "No phase of this plan has a target." in body(signed_in(world.viewer).get(path))
    write_records(delivery)
    shown = body(signed_in(world.viewer).get(path))
    for words in ("Few revisions", "≤ 2", "wanted", "Met", "Use partitions", "Accepted", "They are dropped at once."):
        assert words in shown, words
    assert path in page(delivery, "viewer")
    for stranger in (world.stranger, other_world.admin):
        assert signed_in(stranger).get(path).status_code == 404
    assert Client().get(path).headers["Location"].startswith("/sign-in/")
    assert signed_in(world.admin).post(path).status_code == 405


def write_records(delivery: Delivery, mark: str = "") -> None:
    project = delivery.world.project
    target: dict[str, Any] = {"kind": "review_cycles", "operator": "lte", "target": Decimal(2)}
    delivery.call(services.add_metric, phase=delivery.phase, name=f"Few revisions{mark}", **target)
    told = {"title": "Use partitions", "decision": "By month.", "reasoning": "They are dropped at once."}
    decision = delivery.call(services.propose_decision, project=project, plan=delivery.plan, **told)
    delivery.call(services.accept_decision, decision=decision)


def test_more_measures_and_decisions_cost_no_more(delivery: Delivery) -> None:
    client, path = signed_in(delivery.world.viewer), f"{page_of(delivery)}records/"
    write_records(delivery)
    few = statements(client, path)
    assert len(few) <= MOST_OF_RECORDS, "\n".join(few)
    for number in range(3):
        write_records(delivery, str(number))
    assert len(statements(client, path)) == len(few)
