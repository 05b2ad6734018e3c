"""What tasks say: fields that fit together, who is assigned, what is verified, and many at once."""

from typing import Any

import pytest
from django.utils import timezone

from agents.services import register_agent
from common.errors import Conflict, Invalid
from evidence.services import reject_evidence
from projects.models import Phase, TaskGroup
from projects.services import create_plan, create_project
from tasks.models import Assignment, Evaluation, Execution, Task
from tasks.services import (
    ContractNotMet,
    assign,
    bulk_assign,
    bulk_close,
    bulk_create,
    bulk_update,
    close_task,
    create_task,
    delete_task,
    end_assignment,
    restore_task,
    update_task,
)
from tests.threads import together
from tests.work import (
    PYTEST,
    SIGNOFF,
    acting,
    claim_one,
    complete,
    events_of,
    hand_in,
    make_task,
    newest_event,
    started,
)
from tests.world import World


def change(world: World, task: Task, **changes: Any) -> Task:
    with acting(world, "engineer"):
        return update_task(task=task, **changes)


def refusal_of(error: type[Any], call: Any) -> Any:
    with pytest.raises(error) as refusal:
        call()
    return refusal.value


def far(task: Any) -> int:
    """How far a task is that was read with its progress."""
    progress: int = task.progress
    return progress


def claimable(world: World) -> list[Task]:
    with world.as_("agent"):
        return list(Task.objects.claimable_by(world.agent_principal, []))


@pytest.fixture
def place(world: World) -> dict[str, Any]:
    """A plan with a phase and a group, and another phase of the same plan."""
    with world.as_("engineer"):
        plan = create_plan(project=world.project, name="Plan")
        phase = Phase.objects.create(plan=plan, number=1, name="One", status="in_progress", started_at=timezone.now())
        other = Phase.objects.create(plan=plan, number=2, name="Two")
        group = TaskGroup.objects.create(phase=phase, name="Backend")
    return {"plan": plan, "phase": phase, "other": other, "group": group}


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_group_brings_its_phase_and_plan_with_it(world: World, place: dict[str, Any]) -> None:
    task = make_task(world, group=place["group"])
    assert (task.phase, task.plan) == (place["phase"], place["plan"])


def test_a_place_of_another_plan_or_project_is_refused(world: World, place: dict[str, Any]) -> None:
    task = make_task(world, group=place["group"])
    with world.as_("engineer"):
        project = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
        foreign = Phase.objects.create(plan=create_plan(project=project, name="Plan"), number=1, name="One")
    for changes, field in (
        ({"phase": place["other"]}, "group"),
        ({"phase": foreign}, "plan"),
        ({"plan": None}, "phase"),
        ({"group": None, "plan": None}, "phase"),
    ):
        assert field in refusal_of(Invalid, lambda to=changes: change(world, task, **to)).extra["errors"]


def test_a_task_is_no_part_of_itself(world: World) -> None:
    whole = make_task(world)
    part = make_task(world, parent=whole)
    piece = make_task(world, parent=part)
    for parent in (whole, part, piece):
        assert refusal_of(Invalid, lambda one=parent: change(world, whole, parent=one)).code == "cycle"


def test_two_moves_that_would_close_a_circle_of_parents_do_not_both_come_in(committed_world: World) -> None:
    one, two = make_task(committed_world), make_task(committed_world)

    def move(task: Task, parent: Task) -> str:
        try:
            change(committed_world, task, parent=parent)
        except Invalid as refusal:
            return refusal.code
        return "moved"

    assert sorted(together(lambda: move(one, two), lambda: move(two, one))) == ["cycle", "moved"]


def test_how_far_a_task_is_follows_from_its_parts(world: World, django_assert_num_queries: Any) -> None:
    whole = make_task(world, kind="epic")
    parts = [make_task(world, parent=whole) for _ in range(5)]
    with acting(world, "engineer"):
        for part, resolution in zip(parts, ["completed", "completed", "cancelled", "failed"], strict=False):
            close_task(task=part, resolution=resolution, reason="so it is")
    with world.as_("system"), django_assert_num_queries(1):
        found = {task.id: far(task) for task in Task.objects.with_progress()}
    assert found[whole.id] == 50
    assert [found[part.id] for part in parts] == [100, 100, 0, 0, 0]


def test_the_progress_of_a_task_without_parts_is_that_of_its_run(world: World) -> None:
    task, claim = started(world)
    with world.as_("system"):
        Execution.objects.filter(id=claim.execution_id).update(progress=30)
        assert far(Task.objects.with_progress().get(id=task.id)) == 30


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"github_issue_number": 7}, {"github_issue_number": 7}, "github_issue_number"),
        ({"github_pr_number": 7}, {"github_pr_number": 7}, "github_pr_number"),
        ({"github_node_id": "I_1"}, {"github_node_id": "I_1"}, "github_node_id"),
        ({"code": "1.2"}, {"code": "1.2"}, "code"),
    ],
)
def test_a_number_that_is_taken_is_named(
    world: World, place: dict[str, Any], first: dict[str, Any], second: dict[str, Any], field: str
) -> None:
    plan = place["plan"]
    taken = make_task(world, plan=plan, **first)
    refusal = refusal_of(Conflict, lambda: make_task(world, plan=plan, **second))
    assert (refusal.code, list(refusal.extra["errors"])) == ("taken", [field])
    with acting(world, "engineer"):
        delete_task(task=taken, reason="twice")
    make_task(world, plan=plan, **second)
    with acting(world, "engineer"):
        assert refusal_of(Conflict, lambda: restore_task(task=taken, reason="no")).code == "taken"


def test_an_unknown_field_is_a_mistake_of_the_program(world: World) -> None:
    with pytest.raises(TypeError, match="colour"):
        make_task(world, colour="red")


def test_more_attempts_are_left_where_more_are_allowed(world: World) -> None:
    task, _ = started(world, max_attempts=2)
    assert change(world, task, max_attempts=5).attempts_left == 4
    assert change(world, task, max_attempts=1).attempts_left == 1


# --- assignment -----------------------------------------------------------------------------------------------------


def test_whoever_is_assigned_takes_over_from_the_other_kind(world: World) -> None:
    task = make_task(world, assigned_agent=world.agent)
    assert newest_event(world, "task.assigned").task_id == task.id
    changed = change(world, task, assigned_user=world.reviewer)
    assert (changed.assigned_user_id, changed.assigned_agent_id) == (world.reviewer.id, None)
    assert events_of(world, task_id=task.id)[-1] == "task.assigned"
    both = {"assigned_user": world.reviewer, "assigned_agent": world.agent}
    refusal_of(Invalid, lambda: change(world, task, **both))
    refusal_of(Invalid, lambda: change(world, task, assigned_user=world.stranger))


def test_no_agent_claims_what_a_person_does(world: World) -> None:
    make_task(world, assigned_user=world.reviewer)
    assert claimable(world) == []


def test_primaries_come_before_everybody_else(world: World, place: dict[str, Any]) -> None:
    one, two = (make_task(world, group=place["group"], code=code) for code in ("1.1", "1.2"))
    with acting(world, "engineer"):
        other = register_agent(owner=world.engineer, name="other", agent_type="tester")
        whole = assign(group=place["group"], agent=other, role="primary", scope=["1.1"], rationale="knows it")
    assert claimable(world) == [two]
    with acting(world, "engineer"):
        assign(task=one, agent=world.agent, role="primary")
    assert set(claimable(world)) == {one, two}
    with acting(world, "engineer"):
        end_assignment(assignment=whole)
        assign(group=place["group"], agent=other, role="primary")
    assert claimable(world) == [one]
    change(world, two, assigned_agent=world.agent)
    assert set(claimable(world)) == {one, two}


def test_reviewers_and_backups_leave_the_task_to_anybody(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        assign(task=task, user=world.reviewer, role="reviewer")
        assign(task=task, agent=world.agent, role="backup", condition="if issues are found")
    assert claimable(world) == [task]


def test_an_assignment_has_one_target_one_assignee_and_no_two_hats(world: World, place: dict[str, Any]) -> None:
    task, group = make_task(world), place["group"]

    def give(**values: Any) -> Assignment:
        with acting(world, "engineer"):
            return assign(**{"role": "primary"} | values)

    refusal_of(Invalid, lambda: give(task=task, group=group, agent=world.agent))
    refusal_of(Invalid, lambda: give(agent=world.agent))
    refusal_of(Invalid, lambda: give(task=task))
    refusal_of(Invalid, lambda: give(task=task, agent=world.agent, user=world.reviewer))
    refusal_of(Invalid, lambda: give(task=task, agent=world.agent, scope=["1.1"]))
    refusal_of(Invalid, lambda: give(task=task, user=world.stranger))
    give(task=task, agent=world.agent)
    assert refusal_of(Conflict, lambda: give(task=task, agent=world.agent)).code == "already_assigned"
    refusal = refusal_of(Conflict, lambda: give(task=task, agent=world.agent, role="reviewer"))
    assert refusal.code == "separation_of_duties"


# --- done and verified ----------------------------------------------------------------------------------------------


def test_a_signature_makes_done_and_not_verified(world: World) -> None:
    task, claim = started(world)
    assert complete(world, claim).verification == "unverified"
    assert "task.verification_changed" not in events_of(world, task_id=task.id)


@pytest.mark.parametrize(
    ("evidence", "verification"),
    [
        ({}, "verified"),
        ({"data": {"command_name": "pytest", "exit_code": 1}}, "failed"),
        ({"data": {"note": "looks good"}}, "unverified"),
        ({"content": None, "content_sha256": "a" * 64}, "unverified"),
    ],
)
def test_only_a_run_with_an_exit_code_verifies(world: World, evidence: dict[str, Any], verification: str) -> None:
    task, claim = started(world)
    hand_in(world, claim, **evidence)
    with world.as_("system"):
        assert Task.objects.get(id=task.id).verification == verification


def test_the_newest_run_of_each_command_counts(world: World) -> None:
    task, claim = started(world)
    for command, code in (("pytest", 1), ("ruff", 0), ("pytest", 0)):
        hand_in(world, claim, data={"command_name": command, "exit_code": code})
    with world.as_("system"):
        assert Task.objects.get(id=task.id).verification == "verified"
    hand_in(world, claim, data={"command_name": "ruff", "exit_code": 1})
    with world.as_("system"):
        assert Task.objects.get(id=task.id).verification == "failed"


def test_what_rejected_evidence_verified_is_verified_no_more_and_what_is_closed_stays_closed(world: World) -> None:
    task, claim = started(world, PYTEST)
    piece = hand_in(world, claim)
    assert complete(world, claim).verification == "verified"
    with acting(world, "reviewer"):
        reject_evidence(evidence=piece, principal=world.reviewer.principal(), note="Of another branch.")
    with world.as_("system"):
        now = Task.objects.get(id=task.id)
        last = Evaluation.objects.filter(criterion__contract__task=task).latest("id")
    assert (now.status, now.resolution, now.verification) == ("closed", "completed", "unverified")
    assert (last.is_met, last.reason) == (False, "No evidence speaks about it yet.")
    assert events_of(world, task_id=task.id)[-2:] == ["criterion.evaluated", "task.verification_changed"]


def test_people_may_say_scripted_also_of_what_is_done_and_never_verified(world: World) -> None:
    task, claim = started(world)
    complete(world, claim)
    assert change(world, task, verification="scripted", actual_hours="1.5").verification == "scripted"
    assert "verification" in refusal_of(Invalid, lambda: change(world, task, verification="verified")).extra["errors"]
    assert refusal_of(Conflict, lambda: change(world, task, title="x")).code == "task_closed"


def test_a_person_cannot_complete_what_is_not_proven(world: World) -> None:
    task = make_task(world, PYTEST)
    with acting(world, "engineer"):
        refusal_of(ContractNotMet, lambda: close_task(task=task, resolution="completed", reason="trust me"))
        assert close_task(task=task, resolution="wont_fix", reason="no").resolution == "wont_fix"


def test_a_sign_off_alone_leaves_a_task_unverified(world: World) -> None:
    task, claim = started(world, SIGNOFF)
    assert complete(world, claim).status == "in_review"
    with world.as_("system"):
        assert Task.objects.get(id=task.id).verification == "unverified"


# --- deleting -------------------------------------------------------------------------------------------------------


def test_a_deleted_task_is_gone_for_everybody_until_it_is_restored(world: World) -> None:
    task, claim = started(world)
    with acting(world, "engineer"):
        delete_task(task=task, reason="by mistake")
    with world.as_("system"):
        assert not Task.objects.filter(id=task.id).exists()
        assert Execution.objects.get(id=claim.execution_id).status == "cancelled"
    assert claimable(world) == []
    with acting(world, "engineer"):
        refusal_of(Conflict, lambda: delete_task(task=task, reason="again"))
        refusal_of(Conflict, lambda: close_task(task=task, resolution="failed", reason="no"))
        refusal_of(Conflict, lambda: update_task(task=task, title="x"))
        restore_task(task=task, reason="sorry")
        refusal_of(Conflict, lambda: restore_task(task=task, reason="again"))
    assert claim_one(world).task == task


def test_who_manages_the_project_finds_what_was_deleted(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        delete_task(task=task, reason="no")
    with world.as_("system"):
        finders = {
            name
            for name, user in world.people.items()
            if Task.all_objects.deleted_to(user.principal()).filter(id=task.id).exists()
        }
        assert not Task.all_objects.deleted_to(world.agent_principal).exists()
    assert finders == {"admin", "engineer", "reviewer"}


# --- many at once ---------------------------------------------------------------------------------------------------


def test_many_are_changed_together_or_not_at_all(world: World) -> None:
    with acting(world, "engineer"):
        tasks = bulk_create(items=[{"project": world.project, "title": f"t{n}"} for n in range(3)])
        bulk_update(items=[{"task": task, "priority": "low"} for task in tasks])
        bulk_assign(tasks=tasks, agent=world.agent, reason="its turn")
        close_task(task=tasks[1], resolution="completed", reason="done")
    before = events_of(world)
    with acting(world, "engineer"):
        refusal = refusal_of(Invalid, lambda: bulk_close(tasks=tasks, resolution="cancelled", reason="no"))
        assert refusal.extra["errors"] == {"items[1]": ["The task is closed already."]}
        items = [{"project": world.project, "title": "a"}, {"project": world.project, "title": "b", "status": "closed"}]
        assert list(refusal_of(Invalid, lambda: bulk_create(items=items)).extra["errors"]) == ["items[1].status"]
    assert events_of(world) == before


def test_a_hundred_at_a_time(world: World) -> None:
    items = [{"project": world.project, "title": "t"}] * 101
    with acting(world, "engineer"):
        refusal_of(Invalid, lambda: bulk_create(items=items))
        refusal_of(Invalid, lambda: create_task(project=world.project, title="t", status="closed"))
        refusal_of(Invalid, lambda: bulk_create(items=[]))
