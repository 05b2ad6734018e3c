"""Who is asked when work has failed, and what answers about gates and phases do."""

from typing import Any

import pytest

from common.errors import Conflict, Forbidden
from projects.models import Project
from tasks.models import ApprovalRequest, Task
from tasks.services import ask_people, create_standing_rule, expire_approvals, fail_execution, reopen_task
from tests.collab import standing_rule
from tests.delivery import Delivery, make_delivery
from tests.work import acting, answer, claim_one, events_of, set_raw, started
from tests.world import World


def failed(world: World, **values: Any) -> Task:
    """Return a task whose only attempt failed for good."""
    _, claim = started(world)
    with acting(world, "agent"):
        task = fail_execution(claim=claim, error="exit 1", **{"retryable": False, **values})
    found: Task = fresh(world, task)
    return found


def fresh(world: World, row: Any) -> Any:
    with world.as_("system"):
        return type(row)._base_manager.get(pk=row.pk)


def questions(world: World, status: str = "pending") -> list[ApprovalRequest]:
    with world.as_("system"):
        return list(ApprovalRequest.objects.filter(status=status))


# --- after a failure ------------------------------------------------------------------------------------------------


def test_people_are_asked_how_failed_work_goes_on(world: World) -> None:
    task = failed(world)
    [question] = questions(world)
    assert (task.status, task.status_reason) == ("blocked", "exit 1")
    assert (question.task_id, question.trigger) == (task.id, "agent_error")
    assert question.question == "How does CM-1 go on? exit 1"
    assert [option["key"] for option in question.options] == ["retry", "skip", "modify", "cancel"]
    answer(world, question, selected_option="retry")
    assert claim_one(world).task == task


@pytest.mark.parametrize(
    ("level", "category", "trigger"),
    [
        ("low", "validation", None),
        ("low", "execution", "agent_error"),
        ("low", "safety", "safety_violation"),
        ("low", "budget", None),
        ("medium", "budget", "budget_exceeded"),
        ("medium", "infrastructure", None),
        ("high", "", "agent_error"),
    ],
)
def test_oversight_says_after_which_failures(world: World, level: str, category: str, trigger: str | None) -> None:
    with world.as_("admin"):
        Project.objects.filter(id=world.project.id).update(oversight_level=level)
    task = failed(world, **({"error_category": category} if category else {}))
    assert [question.trigger for question in questions(world)] == ([trigger] if trigger else [])
    assert task.status == "blocked"


def test_one_question_at_a_time_is_enough(world: World) -> None:
    task, claim = started(world)
    with acting(world, "engineer"):
        about: dict[str, Any] = {"kind": "escalation", "question": "Still wanted?", "action": {}, "task": task}
        asked = ask_people(project=world.project, principal=world.engineer.principal(), **about)
    with acting(world, "agent"):
        fail_execution(claim=claim, error="exit 1", retryable=False)
    assert questions(world) == [asked]


def test_who_reopens_the_task_has_answered(world: World) -> None:
    task = failed(world)
    with acting(world, "engineer"):
        reopen_task(task=task, reason="The server is back.")
    assert (questions(world), len(questions(world, "cancelled"))) == ([], 1)
    assert claim_one(world).task == task


def test_a_question_that_nobody_answers_leaves_the_reason_as_it_was(world: World) -> None:
    task = failed(world)
    [question] = questions(world)
    set_raw(world, "tasks_approvalrequest", "expires_at = now() - interval '1 second'", question.id)
    with acting(world, "system"):
        assert expire_approvals() == 1
    assert fresh(world, task).status_reason == "exit 1"
    assert events_of(world, task_id=task.id)[-1] == "approval.expired"


# --- gates and phases -----------------------------------------------------------------------------------------------


@pytest.fixture
def delivery(world: World) -> Delivery:
    """A gate that only waits for its review."""
    made = make_delivery(world)
    made.finish()
    made.run()
    made.judge()
    return made


def ask_about(delivery: Delivery, who: str = "engineer", **about: Any) -> ApprovalRequest:
    world = delivery.world
    with acting(world, who):
        question: dict[str, Any] = {"kind": "phase_gate", "question": "Good?", "action": {}, **about}
        return ask_people(project=world.project, principal=world.people[who].principal(), **question)


def test_approving_a_gate_passes_it_as_a_review(delivery: Delivery) -> None:
    approval = ask_about(delivery, gate=delivery.gate)
    assert [option["action"] for option in approval.options] == ["approve", "reject"]
    answer(delivery.world, approval)
    assert delivery.now(delivery.gate).status == "passed"
    assert events_of(delivery.world).count("review.submitted") == 1


def test_refusing_a_gate_asks_for_changes(delivery: Delivery) -> None:
    answer(delivery.world, ask_about(delivery, gate=delivery.gate), "reject")
    gate = delivery.now(delivery.gate)
    assert (gate.status, gate.cycle) == ("changes_requested", delivery.gate.cycle + 1)


def test_a_gate_that_cannot_pass_keeps_its_question(world: World) -> None:
    unfinished = make_delivery(world)
    approval = ask_about(unfinished, gate=unfinished.gate)
    with pytest.raises(Conflict):
        answer(world, approval)
    assert [question.id for question in questions(world)] == [approval.id]


def test_nobody_passes_the_gate_of_their_own_work_by_an_answer(delivery: Delivery) -> None:
    approval = ask_about(delivery, "reviewer", gate=delivery.gate)
    world = delivery.world
    with world.as_("admin"):
        Task.objects.filter(id=delivery.tasks[0].id).update(assigned_user=world.engineer, assigned_agent=None)
    with pytest.raises(Forbidden) as refusal:
        answer(world, approval, who="engineer")
    assert refusal.value.code == "own_work"


def test_approving_a_phase_completes_it(delivery: Delivery) -> None:
    delivery.meet()
    delivery.approve()
    answer(delivery.world, ask_about(delivery, phase=delivery.phase))
    assert delivery.now(delivery.phase).status == "completed"


def test_refusing_a_phase_leaves_it_running(delivery: Delivery) -> None:
    answer(delivery.world, ask_about(delivery, phase=delivery.phase), "reject")
    assert delivery.now(delivery.phase).status == "in_progress"
    assert events_of(delivery.world).count("phase.judged") == 1


def test_no_rule_passes_a_gate_in_advance(delivery: Delivery) -> None:
    world = delivery.world
    with acting(world, "reviewer"):
        rule = standing_rule(world)
        create_standing_rule(
            project=world.project,
            principal=world.reviewer.principal(),
            answer="approve",
            reason="Always good.",
            kind="phase_gate",
            expires_at=rule.expires_at,
        )
    assert ask_about(delivery, gate=delivery.gate).status == "pending"
