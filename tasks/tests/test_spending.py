"""Budgets, stops, limits and costs, as a worker meets them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Budget, BudgetHold, CostEntry, EmergencyStop, QuotaPool
from agents.services import (
    PriceInput,
    add_price_table,
    close_quota_pool,
    create_quota_pool,
    release_stop,
    trigger_stop,
    update_agent,
)
from agents.services.providers import list_digest
from common.errors import Invalid
from projects.services import create_project
from tasks.models import ApprovalRequest, Execution
from tasks.services import (
    cancel_task,
    claim_tasks,
    create_task,
    fail_execution,
    heartbeat,
    release_execution,
    settle_expired_holds,
)
from tasks.services.leases import LeaseClaim
from tests.agents import another_agent, set_budget
from tests.work import acting, answer, ask, claim_one, complete, events_of, lease, make_task, run_out, set_raw, started
from tests.world import World


def beat(world: World, claim: LeaseClaim, **usage: Any) -> tuple[str, tuple[str, ...]]:
    with acting(world, "agent"):
        execution = heartbeat(claim=claim, usage=usage)
    return execution.directive, execution.notes


def claims(world: World, **values: Any) -> int:
    with acting(world, "agent"):
        return len(claim_tasks(principal=world.agent_principal, agent=world.agent, **values))


def now(world: World, budget: Budget) -> Any:
    """Return what a budget has spent and what it holds."""
    with world.as_("system"):
        fresh = Budget.objects.get(id=budget.id)
        live = BudgetHold.objects.live().filter(budget=budget)
        if budget.period != "run":
            assert fresh.held == sum((hold.amount - hold.used for hold in live), Decimal(0))
        return fresh.spent, fresh.held


# --- budgets -----------------------------------------------------------------------------------------------------
def test_a_run_is_held_at_the_claim_and_spent_at_the_end(world: World) -> None:
    budgets = [
        set_budget(world, 2),
        set_budget(world, 5, scope="project", project=world.project),
        set_budget(world, 5, scope="agent", agent=world.agent),
    ]
    _, claim = started(world)
    assert [now(world, budget) for budget in budgets] == [(0, 1)] * 3
    complete(world, claim)
    assert [now(world, budget) for budget in budgets] == [(1, 0)] * 3


def test_a_full_budget_lets_nothing_be_claimed_and_other_projects_go_on(world: World) -> None:
    with world.as_("engineer"):
        other = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
        elsewhere = create_task(project=other, title="elsewhere")
    set_budget(world, 1, scope="project", project=world.project)
    make_task(world, priority="critical")
    make_task(world, priority="critical")
    assert claims(world, limit=1) == 1
    assert claim_one(world).task == elsewhere
    assert claims(world, limit=5) == 0


def test_one_claim_for_many_tasks_stays_within_the_budget(world: World) -> None:
    budget = set_budget(world, 3)
    for _ in range(5):
        make_task(world)
    assert claims(world, limit=5) == 3
    assert now(world, budget) == (0, 3)


@pytest.mark.parametrize("end", ["release", "cancel", "park"])
def test_an_attempt_that_does_not_count_gives_its_run_back(world: World, end: str) -> None:
    budget = set_budget(world, 1)
    task, claim = started(world)
    if end == "release":
        with acting(world, "agent"):
            release_execution(claim=claim)
    elif end == "cancel":
        with acting(world, "engineer"):
            cancel_task(task=task, reason="no")
    else:
        ask(world, claim)
    assert now(world, budget) == (0, 0)


def test_a_lost_attempt_counts_and_its_hold_is_free(world: World) -> None:
    budget = set_budget(world, 2)
    _, claim = started(world)
    run_out(world, claim.execution_id)
    claim_one(world)
    assert now(world, budget) == (1, 1)


def test_tokens_go_from_held_to_spent_with_the_heartbeats_and_the_rest_is_free_at_the_end(world: World) -> None:
    budget = set_budget(world, 1000, "tokens")
    _, claim = started(world)
    assert now(world, budget) == (0, 100)
    assert beat(world, claim, input_tokens=30, output_tokens=10)[0] == "continue"
    assert now(world, budget) == (40, 60)
    beat(world, claim, input_tokens=130, output_tokens=20)
    assert now(world, budget) == (150, 0)
    complete(world, claim)
    assert now(world, budget) == (150, 0)
    _, claim = started(world)
    assert now(world, budget) == (150, 150)  # what the one before it used


def test_a_budget_warns_at_80_asks_at_90_and_stops_at_100_percent(world: World) -> None:
    budget = set_budget(world, 100, "tokens")
    _, claim = started(world)
    before = len(events_of(world))
    assert beat(world, claim, input_tokens=79, output_tokens=0) == ("continue", ())
    assert beat(world, claim, input_tokens=80, output_tokens=0) == ("continue", ())
    assert beat(world, claim, input_tokens=89, output_tokens=0) == ("continue", ())
    directive, notes = beat(world, claim, input_tokens=90, output_tokens=0)
    assert (directive, notes) == ("ask", ("The budget of 100 tokens per day (tenant) is used up to 90 %.",))
    make_task(world)
    directive, notes = beat(world, claim, input_tokens=120, output_tokens=0)
    assert (directive, notes) == ("stop", ("The budget of 100 tokens per day (tenant) is used up to 120 %.",))
    assert now(world, budget) == (120, 0)
    assert claims(world) == 0
    beat(world, claim, input_tokens=130, output_tokens=0)
    assert events_of(world)[before:] == ["budget.warning", "task.created", "budget.exceeded"]


def test_the_question_of_a_budget_is_an_override_and_a_yes_lasts_for_the_period(world: World) -> None:
    set_budget(world, 100, "tokens")
    _, claim = started(world)
    assert beat(world, claim, input_tokens=95, output_tokens=0)[0] == "ask"
    approval = ask(world, claim)
    assert (approval.kind, approval.trigger) == ("budget_override", "budget_exceeded")
    answer(world, approval)
    claim = lease(world, claim_one(world).execution)
    assert beat(world, claim, input_tokens=1, output_tokens=0)[0] == "continue"
    assert beat(world, claim, input_tokens=5, output_tokens=0)[0] == "stop"
    with world.as_("system"):
        assert ApprovalRequest.objects.get().policy["budgets"]


def test_a_question_about_something_else_stays_what_it_is(world: World) -> None:
    set_budget(world, 100, "tokens")
    assert ask(world, started(world)[1]).kind == "pre_execution"


def test_a_budget_per_run_judges_each_attempt_alone(world: World) -> None:
    budget = set_budget(world, 100, "tokens", "run")
    for _ in range(2):
        _, claim = started(world)
        assert beat(world, claim, input_tokens=70, output_tokens=0)[0] == "continue"
        assert beat(world, claim, input_tokens=100, output_tokens=0)[0] == "stop"
        complete(world, claim)
    assert now(world, budget) == (0, 0)


def test_a_period_that_is_over_is_rolled_by_the_next_claim(world: World) -> None:
    budget = set_budget(world, 1)
    complete(world, started(world)[1])
    make_task(world)
    assert claims(world) == 0
    set_raw(world, "agents_budget", "period_start = period_start - interval '1 day'")
    assert claims(world) == 1
    assert now(world, budget) == (0, 1)
    with world.as_("system"):
        fresh = Budget.objects.get()
        assert fresh.period_start.date() == timezone.now().date()
        assert (fresh.period_start.hour, fresh.period_start.minute) == (0, 0)


def test_a_used_up_budget_may_stop_its_scope_until_a_person_lets_go_on(world: World) -> None:
    set_budget(world, 10, "tokens", scope="project", project=world.project, emergency_stop_enabled=True)
    _, claim = started(world)
    assert beat(world, claim, input_tokens=10, output_tokens=0)[0] == "stop"
    beat(world, claim, input_tokens=11, output_tokens=0)
    with world.as_("system"):
        stop = EmergencyStop.objects.get()
        assert (stop.scope, stop.project_id, stop.triggered_by) == ("project", world.project.id, "budget")


def test_seconds_are_those_between_claim_and_end(world: World) -> None:
    budget = set_budget(world, 1000, "seconds")
    _, claim = started(world)
    set_raw(world, "tasks_execution", "started_at = now() - interval '20 seconds'", claim.execution_id)
    beat(world, claim)
    spent, _ = now(world, budget)
    assert 20 <= spent < 25


def test_a_hold_that_was_left_behind_is_settled_by_the_sweep(world: World) -> None:
    budget = set_budget(world, 5)
    _, claim = started(world)
    set_raw(world, "agents_budgethold", "expires_at = now() - interval '1 second'")
    with world.as_("system"):
        assert settle_expired_holds() == 0  # it runs and keeps it
    assert now(world, budget) == (0, 1)
    complete(world, claim)
    put_back = "released_at = NULL, settled_amount = NULL, used = 0, expires_at = now() - interval '1 second'"
    set_raw(world, "agents_budgethold", put_back)
    set_raw(world, "agents_budget", "held = 1, spent = 0")
    with world.as_("system"):
        assert settle_expired_holds() == 1
    assert now(world, budget) == (1, 0)


# --- emergency stops ---------------------------------------------------------------------------------------------
SCOPES: list[tuple[dict[str, Any], bool]] = [
    ({"scope": "tenant"}, True),
    ({"scope": "project", "project": "own"}, True),
    ({"scope": "project", "project": "other"}, False),
    ({"scope": "agent", "agent": "own"}, True),
    ({"scope": "agent", "agent": "other"}, False),
    ({"scope": "agent_type", "agent_type": "tester"}, True),
    ({"scope": "agent_type", "agent_type": "codegen"}, False),
    ({"scope": "agent_type", "agent_type": "tester", "project": "own"}, True),
    ({"scope": "agent_type", "agent_type": "tester", "project": "other"}, False),
]


@pytest.mark.parametrize(("target", "held"), SCOPES, ids=lambda value: str(value))
def test_a_stop_holds_its_scope_and_nobody_else(
    world: World, other_world: World, target: dict[str, Any], held: bool
) -> None:
    other_agent, _ = another_agent(world, "other")
    with world.as_("engineer"):
        other = create_project(owner=world.engineer, name="Other", key="OTH", slug="other")
    rows: dict[str, dict[str, Any]] = {
        "project": {"own": world.project, "other": other},
        "agent": {"own": world.agent, "other": other_agent},
    }
    named = {name: rows.get(name, {}).get(value, value) for name, value in target.items()}
    _, claim = started(world)
    _, elsewhere = started(other_world)
    make_task(world)
    with world.as_("admin"):
        stop = trigger_stop(**named, reason="it runs wild", by=world.admin)
    told = beat(world, claim)
    assert told == (("stop", ("Emergency stop: it runs wild",)) if held else ("continue", ()))
    assert claims(world) == (0 if held else 1)
    assert beat(other_world, elsewhere)[0] == "continue"
    with world.as_("admin"):
        release_stop(stop=stop, by=world.admin, reason="calm again")
    assert beat(world, claim)[0] == "continue"
    assert claims(world) == (1 if held else 0)


def fail_once(world: World, error: str) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        fail_execution(claim=claim, error=error, retryable=False)


def test_the_same_error_again_and_again_stops_the_agent(world: World, settings: Any) -> None:
    settings.REPEATED_ERRORS_STOP = 3
    for error in ("x", "x", "y", "x", "x"):
        fail_once(world, error)
    with world.as_("system"):
        assert not EmergencyStop.objects.exists()
    fail_once(world, "x")
    with world.as_("system"):
        stop = EmergencyStop.objects.get()
        assert (stop.scope, stop.agent_id, stop.triggered_by) == ("agent", world.agent.id, "repetition")
    with world.as_("admin"):
        release_stop(stop=stop, by=world.admin, reason="mended")
    fail_once(world, "x")
    with world.as_("system"):
        assert not EmergencyStop.objects.active().exists()


def test_one_failure_after_the_other_stops_the_agent(world: World, settings: Any) -> None:
    settings.FAILURES_STOP = 3
    for error in ("a", "b"):
        fail_once(world, error)
    complete(world, started(world)[1])
    for error in ("c", "d"):
        fail_once(world, error)
    with world.as_("system"):
        assert not EmergencyStop.objects.exists()
    fail_once(world, "e")
    with world.as_("system"):
        assert EmergencyStop.objects.get().triggered_by == "error"


# --- the provider ------------------------------------------------------------------------------------------------
def with_pool(world: World) -> QuotaPool:
    with world.as_("admin"):
        pool = create_quota_pool(name="shared", provider="anthropic", limit_kind="tokens_per_day", limit_amount=9)
        update_agent(agent=world.agent, quota_pool=pool)
    return pool


def test_a_refusal_of_the_provider_shuts_the_pool_for_its_agents(world: World) -> None:
    pool = with_pool(world)
    _, claim = started(world)
    make_task(world)
    with acting(world, "agent"):
        fail_execution(claim=claim, error="429", retryable=True, retry_after=60)
    with world.as_("system"):
        world.agent.refresh_from_db()
    assert claims(world) == 0
    with world.as_("system"):
        pool.refresh_from_db()
        assert pool.closed_until
        assert timedelta(seconds=50) < pool.closed_until - timezone.now() <= timedelta(seconds=60)
        close_quota_pool(pool=pool, until=timezone.now() + timedelta(seconds=5))
        assert pool.closed_until - timezone.now() > timedelta(seconds=50)
    set_raw(world, "agents_quotapool", "closed_until = now() - interval '1 second'")
    with world.as_("system"):
        world.agent.refresh_from_db()
    assert claims(world) == 1


# --- costs -------------------------------------------------------------------------------------------------------
def cost(world: World) -> CostEntry:
    with world.as_("system"):
        return CostEntry.objects.latest("id")


def test_a_cost_nobody_told_is_unknown_and_never_zero(world: World) -> None:
    complete(world, started(world)[1])
    entry = cost(world)
    assert (entry.kind, entry.amount_usd, entry.input_tokens) == ("unknown", None, None)


def test_a_workers_own_figure_is_an_estimate(world: World) -> None:
    _, claim = started(world)
    beat(world, claim, cost_usd="0.25")
    complete(world, claim)
    assert (cost(world).kind, cost(world).amount_usd) == ("estimated", Decimal("0.25"))


def test_a_listed_price_counts_more_than_the_workers_figure(world: World) -> None:
    with world.as_("admin"):
        update_agent(agent=world.agent, model_provider="anthropic", model_name="m")
        for version, moment in (("old", timezone.now() - timedelta(days=9)), ("new", timezone.now())):
            price = PriceInput("m", Decimal(3), Decimal(15)) if version == "new" else PriceInput("m", *[Decimal(1)] * 2)
            add_price_table(provider="anthropic", version=version, effective_from=moment, source="list", prices=[price])
    budget = set_budget(world, 10, "usd")
    _, claim = started(world)
    beat(world, claim, input_tokens=1_000_000, output_tokens=100_000, cost_usd="99")
    assert now(world, budget)[0] == Decimal("4.5")
    complete(world, claim)
    entry = cost(world)
    assert (entry.kind, entry.amount_usd, entry.model) == ("priced", Decimal("4.5"), "m")
    with world.as_("system"):
        assert entry.price is not None
        assert entry.price.table.version == "new"


def test_the_same_list_has_the_same_digest_however_it_is_written(world: World) -> None:
    moment = timezone.now()
    one, two = PriceInput("a", Decimal("3"), Decimal("15.0")), PriceInput("b", Decimal("1"), Decimal("2"))
    same = PriceInput("a", Decimal("3.000"), Decimal("15"))
    with world.as_("admin"):
        values: dict[str, Any] = {"effective_from": moment, "source": "list", "version": "1"}
        first = add_price_table(provider="openai", prices=[one, two], **values)
        assert list_digest("openai", "1", moment, [two, same]) == first.sha256
        assert list_digest("openai", "1", moment, [two]) != first.sha256


def test_each_attempt_has_one_cost_also_the_one_that_was_parked(world: World) -> None:
    approval = ask(world, started(world)[1])
    answer(world, approval)
    complete(world, lease(world, claim_one(world).execution))
    with world.as_("system"):
        assert CostEntry.objects.count() == Execution.objects.count() == 2


def test_a_budget_of_a_task_names_a_task_of_its_project(world: World) -> None:
    task = make_task(world)
    values: dict[str, Any] = {"scope": "task", "project": world.project}
    budget = set_budget(world, 1, **values, task_id=task.id)
    tenant = set_budget(world, 9)
    assert claims(world) == 1
    assert [now(world, each) for each in (budget, tenant)] == [(0, 1), (0, 1)]
    with pytest.raises(Invalid):
        set_budget(world, 1, **values, task_id=world.project.id)
