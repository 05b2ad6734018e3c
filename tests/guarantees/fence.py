"""G1 and G7 without processes: the same questions, asked of the services in one thread."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.context import Principal
from common.errors import Conflict, LeaseLost
from tasks.models import ApprovalRequest, Execution, QuarantinedWrite, Task, TaskStatus
from tasks.services import (
    claim_tasks,
    complete_execution,
    create_standing_rule,
    create_task,
    redeem_approval,
    request_approval,
    respond_to_approval,
)
from tasks.services.leases import LeaseClaim, lease_token
from tests.world import World


def check_the_fence(world: World) -> None:
    """A result after the end of the lease is refused and kept, before and after the task has a new holder."""
    task = new_task(world)
    with world.as_("agent"):
        first = hold_a_lease(world)
    let_it_run_out(world, task)
    assert not accepted(world, first), "a result was accepted after its lease had run out"
    assert kept(world, first) == 1, "the late result was not kept"
    with world.as_("agent"):
        second = hold_a_lease(world)
    assert not accepted(world, first), "a result was accepted from an attempt that was overtaken"
    assert kept(world, first) == 2, "the second late result was not kept"
    assert accepted(world, second), "the holder's own result was refused"
    assert not accepted(world, second), "a result was accepted twice"
    with world.as_("system"):
        task.refresh_from_db()
        assert task.status == TaskStatus.CLOSED
        assert task.output == {"execution": str(second.execution_id)}
        assert Execution.objects.filter(task=task, status="success").count() == 1


def new_task(world: World) -> Task:
    with world.as_("engineer"):
        return create_task(project=world.project, title="fenced", max_attempts=10)


def hold_a_lease(world: World) -> LeaseClaim:
    [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent, lease_seconds=60)
    return LeaseClaim(world.agent_principal, claimed.execution.id, lease_token(claimed.execution.id))


def let_it_run_out(world: World, task: Task) -> None:
    """Move the lease's end into the past: the service reads the database's clock, which we cannot turn."""
    past = datetime.now(UTC) - timedelta(seconds=5)
    with world.as_("system"):
        Execution.objects.filter(task=task, ended_at=None).update(lease_expires_at=past)
        Task.objects.filter(id=task.id).update(claimable_from=past)


def accepted(world: World, claim: LeaseClaim) -> bool:
    with world.as_("agent"):
        try:
            complete_execution(claim=claim, result={"execution": str(claim.execution_id)}, summary="done")
        except LeaseLost:
            return False
        return True


def kept(world: World, claim: LeaseClaim) -> int:
    with world.as_("system"):
        return QuarantinedWrite.objects.filter(execution_id=claim.execution_id).count()


def check_a_grant_works_once(world: World) -> None:
    """An approved action is redeemed once, by exactly its digest."""
    new_task(world)
    with world.as_("agent"):
        asked = request_approval(
            claim=hold_a_lease(world), kind="pre_execution", question="May I?", action={"do": "it"}
        )
    answer(world, asked, world.reviewer.principal())
    with world.as_("agent"):
        claim = hold_a_lease(world)
        assert redeem(claim, asked, "0" * 64) == "approval_changed"
        assert redeem(claim, asked, asked.digest) == "", "the grant was refused"
        assert redeem(claim, asked, asked.digest) == "approval_used", "the grant was used twice"


def answer(world: World, asked: ApprovalRequest, principal: Principal) -> None:
    with world.as_("reviewer"):
        respond_to_approval(approval=asked, principal=principal, action="approve", comment="go", digest=asked.digest)


def redeem(claim: LeaseClaim, asked: ApprovalRequest, digest: str) -> str:
    """Return the code of the refusal, or nothing."""
    try:
        redeem_approval(claim=claim, approval_id=asked.id, digest=digest)
    except Conflict as refusal:
        return refusal.code
    return ""


def check_a_rule_leaves_what_is_critical_to_people(world: World) -> None:
    """A standing rule, however wide, never says yes to what is critical."""
    with world.as_("reviewer"):
        create_standing_rule(
            project=world.project,
            principal=replace(world.reviewer.principal(), proved_at=datetime.now(UTC)),
            kind="pre_execution",
            highest_risk="high",
            answer="approve",
            reason="wide",
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
    new_task(world)
    with world.as_("agent"):
        asked = request_approval(
            claim=hold_a_lease(world), kind="pre_execution", question="May I?", action={"do": "it"}, risk="critical"
        )
    assert asked.status == "pending", "a rule approved what is critical"
