"""What each service of tasks leaves in the log: scenes for tests/test_services_record.py."""

from datetime import timedelta
from typing import Any

from tasks import services as tasks
from tasks.models import Execution
from tests.services.registry import SCENES, as_, leaves
from tests.work import (
    PYTEST,
    SIGNOFF,
    acting,
    answer,
    ask,
    claim_one,
    complete,
    hand_in,
    lease,
    make_task,
    run_out,
    set_raw,
    started,
)
from tests.world import World

STARTED = ("task.created", "task.claimed")


SCENES |= {
    "tasks.create_task": (lambda w: make_task(w), ["task.created"]),
    "tasks.set_contract": (lambda w: make_task(w, PYTEST), ["task.created", "contract.set"]),
    "tasks.claim_tasks": (lambda w: started(w), ["task.created", "task.claimed"]),
    "tasks.import_issues": (
        as_("system", lambda w: tasks.import_issues(project=w.project, document={"number": 1, "title": "t"})),
        ["task.created"],
    ),
}


@leaves("tasks.update_task", "task.created", "task.updated")
def update_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.update_task(task=task, title="new")


@leaves("tasks.cancel_task", "task.created", "task.cancelled")
def cancel_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.cancel_task(task=task, reason="no")


@leaves("tasks.close_task", "task.created", "task.closed")
def close_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.close_task(task=task, resolution="duplicate", reason="of another")


@leaves(
    "tasks.delete_task", *("task.created", "task.claimed"), *("execution.cancelled", "task.released", "task.deleted")
)
def delete_task(world: World) -> None:
    task, _ = started(world)
    with acting(world, "engineer"):
        tasks.delete_task(task=task, reason="no")


@leaves("tasks.restore_task", "task.created", "task.deleted", "task.restored")
def restore_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.restore_task(task=tasks.delete_task(task=task, reason="no"), reason="yes")


@leaves("tasks.add_dependency", *["task.created"] * 2, "task.dependency_added", "task.waiting")
def add_dependency(world: World) -> Any:
    task, first = make_task(world), make_task(world)
    with acting(world, "engineer"):
        return tasks.add_dependency(task=task, depends_on=first, reason="needs it")


@leaves(
    "tasks.remove_dependency",
    *["task.created"] * 2,
    *("task.dependency_added", "task.waiting", "task.dependency_removed", "task.unblocked"),
)
def remove_dependency(world: World) -> None:
    dependency = add_dependency(world)
    with acting(world, "engineer"):
        tasks.remove_dependency(dependency=dependency)


@leaves("tasks.assign", "task.created", "assignment.made")
def assign(world: World) -> Any:
    task = make_task(world)
    with acting(world, "engineer"):
        return tasks.assign(task=task, agent=world.agent, role="primary")


@leaves("tasks.end_assignment", "task.created", "assignment.made", "assignment.ended")
def end_assignment(world: World) -> None:
    assignment = assign(world)
    with acting(world, "engineer"):
        tasks.end_assignment(assignment=assignment)


@leaves("tasks.bulk_create", "task.created", "task.created")
def bulk_create(world: World) -> None:
    with acting(world, "engineer"):
        tasks.bulk_create(items=[{"project": world.project, "title": title} for title in "ab"])


@leaves("tasks.bulk_update", "task.created", "task.updated")
def bulk_update(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_update(items=[{"task": task, "title": "b"}])


@leaves("tasks.bulk_assign", "task.created", "task.assigned")
def bulk_assign(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_assign(tasks=[task], agent=world.agent)


@leaves("tasks.bulk_close", "task.created", "task.cancelled")
def bulk_close(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_close(tasks=[task], resolution="cancelled", reason="no")


@leaves("tasks.reopen_task", "task.created", "task.reopened")
def reopen_task(world: World) -> None:
    task = make_task(world, status="draft")
    with acting(world, "engineer"):
        tasks.reopen_task(task=task, reason="go")


@leaves("tasks.fail_execution", *STARTED, "execution.failed", "task.released")
def fail_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.fail_execution(claim=claim, error="x", retryable=True)


@leaves("tasks.release_execution", *STARTED, "task.released")
def release_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.release_execution(claim=claim)


@leaves("tasks.direct_execution", *STARTED, "execution.directed")
def direct_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        execution = Execution.objects.get(id=claim.execution_id)
        tasks.direct_execution(execution=execution, directive="wrap_up", reason="enough")


@leaves("tasks.cancel_execution", *STARTED, "execution.cancel_requested")
def cancel_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        tasks.cancel_execution(execution=Execution.objects.get(id=claim.execution_id), reason="stop")


@leaves("tasks.take_lease", *STARTED, "execution.cancelled", "task.released")
def take_lease(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        tasks.take_lease(execution=Execution.objects.get(id=claim.execution_id), reason="mine")


@leaves("tasks.complete_execution", *STARTED, "execution.succeeded", "task.closed")
def complete_execution(world: World) -> None:
    complete(world, started(world)[1])


@leaves("tasks.hand_in_evidence", *STARTED, "evidence.registered", "task.verification_changed")
def hand_in_evidence(world: World) -> None:
    hand_in(world, started(world)[1])


@leaves("tasks.mark_silent_agents", *STARTED, "execution.succeeded", "task.closed", "agent.heartbeat_lost")
def mark_silent_agents(world: World) -> None:
    complete(world, started(world)[1])
    set_raw(world, "agents_agentstatus", "last_heartbeat_at = now() - interval '6 minutes'")
    with acting(world, "system"):
        tasks.mark_silent_agents()


@leaves("tasks.reap_expired_leases", *STARTED, "execution.timed_out", "task.released")
def reap_expired_leases(world: World) -> None:
    _, claim = started(world)
    run_out(world, claim.execution_id)
    with acting(world, "system"):
        tasks.reap_expired_leases()


@leaves("tasks.request_approval", *STARTED, "approval.requested")
def request_approval(world: World) -> None:
    ask(world, started(world)[1])


@leaves("tasks.respond_to_approval", *STARTED, "approval.requested", "approval.approved")
def respond_to_approval(world: World) -> None:
    answer(world, ask(world, started(world)[1]))


@leaves(
    "tasks.redeem_approval",
    *STARTED,
    "approval.requested",
    "approval.approved",
    "task.claimed",
    "approval.redeemed",
)
def redeem_approval(world: World) -> None:
    approval = ask(world, started(world)[1])
    answer(world, approval)
    claim = lease(world, claim_one(world).execution)
    with acting(world, "agent"):
        tasks.redeem_approval(claim=claim, approval_id=approval.id, digest=approval.digest)


@leaves("tasks.expire_approvals", *STARTED, "approval.requested", "approval.expired", "task.blocked")
def expire_approvals(world: World) -> None:
    approval = ask(world, started(world)[1], expires_in=timedelta(seconds=5))
    set_raw(world, "tasks_approvalrequest", "expires_at = now() - interval '1 second'", approval.id)
    with acting(world, "system"):
        tasks.expire_approvals()


@leaves(
    "tasks.submit_signoff",
    *("task.created", "contract.set", "task.claimed", "execution.succeeded", "task.submitted"),
    *("evidence.registered", "criterion.evaluated", "task.closed"),
)
def submit_signoff(world: World) -> None:
    task, claim = started(world, SIGNOFF)
    complete(world, claim)
    with acting(world, "reviewer"):
        tasks.submit_signoff(task=task, principal=world.reviewer.principal(), approved=True, comment="read")
