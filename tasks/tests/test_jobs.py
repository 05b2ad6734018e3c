"""Sweeps: they find what is due in every tenant, and only that."""

from common.tenancy import require_tenant_id, system_call
from tasks.jobs import expire_approvals, in_due_tenants, reap_expired_leases
from tasks.models import ApprovalRequest, Task
from tests.work import ask, run_out, sql, started
from tests.world import World


def due(*worlds: World) -> list[bool]:
    found = {row["tenant_id"] for row in system_call("tenants_with_due_work")}
    return [world.tenant.id in found for world in worlds]


def status(world: World) -> str:
    with world.as_("system"):
        return str(Task.objects.get().status)


def test_only_tenants_with_something_due_are_visited(world: World, other_world: World) -> None:
    _, claim = started(world)
    started(other_world)
    assert due(world, other_world) == [False, False]
    run_out(world, claim.execution_id)
    assert due(world, other_world) == [True, False]


def test_lost_leases_of_every_tenant_are_reaped(world: World, other_world: World) -> None:
    for own in (world, other_world):
        _, claim = started(own)
        run_out(own, claim.execution_id)
    reap_expired_leases()
    assert [status(world), status(other_world)] == ["open", "open"]
    assert due(world, other_world) == [False, False]
    reap_expired_leases()


def test_overdue_approvals_of_every_tenant_expire(world: World, other_world: World) -> None:
    for own in (world, other_world):
        _, claim = started(own)
        ask(own, claim)
        sql(own, "UPDATE tasks_approvalrequest SET expires_at = now() - interval '1 second'")
    expire_approvals()
    assert [status(world), status(other_world)] == ["blocked", "blocked"]
    with world.as_("system"):
        assert ApprovalRequest.objects.get().status == "expired"


def test_what_goes_wrong_in_one_tenant_does_not_hold_up_the_others(world: World, other_world: World) -> None:
    for own in (world, other_world):
        _, claim = started(own)
        run_out(own, claim.execution_id)
    visited = []

    def sweep() -> int:
        visited.append(require_tenant_id())
        if len(visited) == 1:
            raise RuntimeError("on purpose")
        return 0

    in_due_tenants(sweep)
    assert {world.tenant.id, other_world.tenant.id} <= set(visited)
