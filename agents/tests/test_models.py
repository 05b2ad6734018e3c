"""Agents: what the database refuses whoever writes, and who sees what."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.models import (
    Agent,
    AgentKey,
    AgentStatus,
    AgentStatusHistory,
    Budget,
    BudgetHold,
    CostEntry,
    EmergencyStop,
    Price,
    PriceTable,
    QuotaPool,
    validate_capabilities,
)
from tasks.models import Execution
from tasks.services.leases import LeaseClaim
from tests.work import started
from tests.world import World

NOW = timezone.now()
KEY = bytes(range(32))


def refused(constraint: str, model: Any, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        model.objects.create(**values)


def changed_badly(constraint: str, row: Any, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        type(row).objects.filter(id=row.id).update(**values)


def key_values(world: World, **values: Any) -> dict[str, Any]:
    key = values.get("public_key", KEY)
    return {
        "agent": world.agent,
        "public_key": key,
        "fingerprint": sha256(key).hexdigest(),
        "valid_from": NOW,
        **values,
    }


def budget_values(**values: Any) -> dict[str, Any]:
    return {"scope": "tenant", "unit": "usd", "period": "day", "limit_amount": 10, **values}


def cost_values(world: World, claim: LeaseClaim, **values: Any) -> dict[str, Any]:
    execution = Execution.objects.get(id=claim.execution_id)
    of = {"task_id": execution.task_id, "execution_id": execution.id}
    return {"project": world.project, "agent": world.agent, "kind": "unknown", **of, **values}


def stop_values(world: World, **values: Any) -> dict[str, Any]:
    by = {"triggered_by": "user", "created_by": world.admin}
    return {"scope": "tenant", "reason": "it runs wild", **by, **values}


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("agents_agent_max_tokens", {"max_tokens": 0}),
        ("agents_agent_max_concurrent", {"max_concurrent": 0}),
        ("agents_agent_temperature", {"temperature": "2.01"}),
        ("agents_agent_top_p", {"top_p": "1.01"}),
        ("agents_agent_success_rate", {"success_rate": "100.01"}),
        ("agents_agent_successful_of_total", {"successful_executions": 1}),
        ("agents_agent_model_provider", {"model_provider": "odd"}),
        ("agents_agent_capabilities_object", {"capabilities": ["pytest"]}),
    ],
)
def test_an_agent_keeps_within_its_bounds(world: World, constraint: str, values: dict[str, Any]) -> None:
    with world.as_("admin"):
        changed_badly(constraint, world.agent, **values)


@pytest.mark.parametrize("detail", [False, None, 1, "9", [1], ["a", None], ["a", ["b"]]])
def test_a_capability_is_true_a_list_of_strings_or_an_object(world: World, detail: Any) -> None:
    with world.as_("admin"):
        changed_badly("agents_agent_capabilities_values", world.agent, capabilities={"good": True, "odd": detail})
    with pytest.raises(ValidationError):
        validate_capabilities({"odd": detail})


@pytest.mark.parametrize("detail", [True, [], ["python", "java"], {}, {"version": "9", "of": [1, None]}])
def test_a_capability_may_say_more_than_that_it_is_there(world: World, detail: Any) -> None:
    validate_capabilities({"good": detail})
    with world.as_("admin"):
        Agent.objects.filter(id=world.agent.id).update(capabilities={"good": detail, "other": True})
        assert Agent.objects.able_to("good", "other").get() == world.agent
        assert not Agent.objects.able_to("good", "lacking").exists()


def test_a_deleted_agent_frees_its_name_and_is_still_found_by_references(world: World) -> None:
    with world.as_("admin"):
        status = AgentStatus.objects.create(agent=world.agent)
        values = {"owner": world.engineer, "agent_type": "tester", "name": world.agent.name.upper()}
        refused("agents_agent_name", Agent, **values)
        Agent.objects.filter(id=world.agent.id).update(deleted_at=NOW)
        Agent.objects.create(**values)
        assert world.agent not in Agent.objects.all()
        assert world.agent in Agent.all_objects.all()
        assert AgentStatus.objects.get(id=status.id).agent == world.agent


def test_an_agent_has_one_status_and_an_error_says_why(world: World) -> None:
    with world.as_("admin"):
        status = AgentStatus.objects.create(agent=world.agent)
        refused("agents_agentstatus_agent", AgentStatus, agent=world.agent)
        changed_badly("agents_agentstatus_error_says_why", status, status="error")
        history = {"agent": world.agent, "previous": "idle", "status": "idle"}
        refused("agents_agentstatushistory_changes", AgentStatusHistory, **history)


def test_a_key_is_what_its_fingerprint_says(world: World) -> None:
    with world.as_("admin"):
        key = AgentKey.objects.create(**key_values(world))
        refused("agents_agentkey_once", AgentKey, **key_values(world))
        refused("agents_agentkey_length", AgentKey, **key_values(world, public_key=KEY[1:]))
        refused("agents_agentkey_fingerprint", AgentKey, **key_values(world, fingerprint="0" * 64))
        changed_badly("agents_agentkey_validity", key, valid_until=NOW)
        changed_badly("agents_agentkey_revoked_says_why", key, revoked_at=NOW)
        AgentKey.objects.filter(id=key.id).update(revoked_at=NOW + timedelta(hours=1), revoked_reason="lost")
        assert AgentKey.objects.valid_at(NOW).get() == key
        assert not AgentKey.objects.valid_at(NOW + timedelta(hours=1)).exists()
        assert not AgentKey.objects.valid_at(NOW - timedelta(hours=1)).exists()


@pytest.mark.parametrize(
    ("scope", "filled"),
    [
        ("tenant", {"project"}),
        ("project", set()),
        ("project", {"project", "agent"}),
        ("agent", set()),
        ("agent", {"project", "agent"}),
        ("task", {"task_id"}),
        ("task", {"project"}),
    ],
)
def test_a_budget_has_exactly_the_columns_of_its_scope(world: World, scope: str, filled: set[str]) -> None:
    everything = {"project": world.project, "agent": world.agent, "task_id": uuid4()}
    values = {name: value for name, value in everything.items() if name in filled}
    with world.as_("admin"):
        refused("agents_budget_scope_columns", Budget, **budget_values(scope=scope, **values))


def test_a_scope_has_one_active_budget_per_unit_and_period(world: World) -> None:
    with world.as_("admin"):
        first = Budget.objects.create(**budget_values())
        refused("agents_budget_one_active", Budget, **budget_values())
        Budget.objects.create(**budget_values(unit="tokens"))
        Budget.objects.create(**budget_values(is_active=False))
        changed_badly("agents_budget_not_its_own_parent", first, parent=first)
        changed_badly("agents_budget_limit", first, limit_amount=0)
        changed_badly("agents_budget_steps", first, warn_at=95)
        changed_badly("agents_budget_steps", first, stop_at=101)
        changed_badly("agents_budget_held", first, held=-1)


def test_an_attempt_holds_a_budget_once_and_a_released_hold_is_settled(world: World) -> None:
    execution = started(world)[1].execution_id
    with world.as_("admin"):
        values = {"budget": Budget.objects.create(**budget_values()), "execution_id": execution, "amount": 1}
        values["expires_at"] = NOW
        hold = BudgetHold.objects.create(**values)
        refused("agents_budgethold_one_live", BudgetHold, **values)
        changed_badly("agents_budgethold_released_settled", hold, released_at=NOW)
        BudgetHold.objects.filter(id=hold.id).update(released_at=NOW, settled_amount=0)
        BudgetHold.objects.create(**values)
        assert BudgetHold.objects.live().of_execution(execution).count() == 1


def test_an_unknown_cost_is_never_zero_and_a_priced_one_names_its_price(world: World) -> None:
    _, claim = started(world)
    with world.as_("admin"):
        CostEntry.objects.create(**cost_values(world, claim))
        refused("agents_costentry_unknown_has_no_amount", CostEntry, **cost_values(world, claim, amount_usd=0))
        refused("agents_costentry_unknown_has_no_amount", CostEntry, **cost_values(world, claim, kind="estimated"))
        refused("agents_costentry_priced_by_list", CostEntry, **cost_values(world, claim, kind="priced", amount_usd=1))
        list_values = {"provider": "anthropic", "version": "1", "effective_from": NOW, "source": "by hand"}
        prices = PriceTable.objects.create(sha256="0" * 64, **list_values)
        price = Price.objects.create(table=prices, model="m", input_usd=3, output_usd=15)
        told = {"input_tokens": 10, "output_tokens": 1, "price": price}
        CostEntry.objects.create(**cost_values(world, claim, kind="priced", amount_usd="0.000045", **told))
        assert PriceTable.objects.in_force_at(NOW).get() == prices
        refused("agents_pricetable_version", PriceTable, sha256="1" * 64, **list_values)


def test_a_stop_is_active_once_per_scope_until_a_person_says_why_not(world: World) -> None:
    with world.as_("admin"):
        stop = EmergencyStop.objects.create(**stop_values(world))
        refused("agents_emergencystop_one_active", EmergencyStop, **stop_values(world))
        refused("agents_emergencystop_by_whom", EmergencyStop, **stop_values(world, created_by=None))
        refused("agents_emergencystop_says_why", EmergencyStop, **stop_values(world, reason=""))
        changed_badly("agents_emergencystop_released_by", stop, released_at=NOW, release_reason="fixed")
        changed_badly("agents_emergencystop_released_why", stop, released_at=NOW, released_by=world.admin)
        EmergencyStop.objects.filter(id=stop.id).update(
            released_at=NOW, released_by=world.admin, release_reason="fixed"
        )
        EmergencyStop.objects.create(**stop_values(world))


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({"scope": "tenant"}, True),
        ({"scope": "project", "project": True}, True),
        ({"scope": "agent", "agent": True}, True),
        ({"scope": "agent_type", "agent_type": "tester"}, True),
        ({"scope": "agent_type", "agent_type": "tester", "project": True}, True),
        ({"scope": "agent_type", "agent_type": "planner"}, False),
    ],
)
def test_a_stop_holds_the_agents_of_its_scope_only(world: World, values: dict[str, Any], held: bool) -> None:
    rows = {"project": world.project, "agent": world.agent}
    given = {name: rows.get(name, value) if value is True else value for name, value in values.items()}
    with world.as_("admin"):
        EmergencyStop.objects.create(**stop_values(world, **given))
        over = EmergencyStop.objects.over(project=world.project.id, agent=world.agent.id, agent_type="tester")
        assert over.exists() is held
        elsewhere = EmergencyStop.objects.over(project=uuid4(), agent=uuid4(), agent_type="security")
        assert elsewhere.exists() is (values["scope"] == "tenant")


def test_what_is_about_an_agent_or_project_is_seen_with_it(world: World) -> None:
    task, claim = started(world)  # which makes a status and its history
    with world.as_("admin"):
        pool = QuotaPool.objects.create(
            name="shared", provider="local", limit_kind="requests_per_minute", limit_amount=60
        )
        AgentKey.objects.create(**key_values(world))
        CostEntry.objects.create(**cost_values(world, claim))
        EmergencyStop.objects.create(**stop_values(world, scope="agent", agent=world.agent))
        for values in ({"project": world.project}, {"agent": world.agent}):
            [scope] = values
            budget = Budget.objects.create(**budget_values(scope=scope, **values))
            BudgetHold.objects.create(budget=budget, execution_id=claim.execution_id, amount=1, expires_at=NOW)
        Budget.objects.create(**budget_values(scope="task", project=world.project, task_id=task.id))
        Budget.objects.create(**budget_values())
        counts: dict[Any, int] = {
            Agent: 1,
            AgentStatus: 1,
            AgentStatusHistory: 1,
            AgentKey: 1,
            CostEntry: 1,
            EmergencyStop: 1,
        }
        members: dict[Any, int] = {**counts, Budget: 3, BudgetHold: 2, QuotaPool: 1}
        expected = {
            "admin": {**members, Budget: 4},
            "engineer": members,
            "viewer": members,
            "stranger": {**dict.fromkeys(members, 0), QuotaPool: 1},
        }
        for name, seen in expected.items():
            principal = world.people[name].principal()
            assert {model: model.objects.visible_to(principal).count() for model in seen} == seen, name
        over = Budget.objects.over(project=world.project.id, agent=world.agent.id, task=task.id)
        assert over.count() == 4
        assert str(pool) == "shared"
