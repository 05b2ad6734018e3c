"""What an agent is doing, and how often it did well: derived from its attempts."""

from typing import Any

from agents.models import Agent, AgentStatus, AgentStatusHistory
from audit.models import Event
from tasks.services import cancel_task, claim_tasks, fail_execution, mark_silent_agents, release_execution
from tests.agents import another_agent
from tests.work import acting, answer, ask, claim_one, complete, run_out, set_raw, sql, started
from tests.world import Client, World


def status(world: World) -> tuple[str, Any, str]:
    with world.as_("system"):
        row = AgentStatus.objects.get(agent=world.agent)
        return row.status, row.current_execution_id, row.error_message


def history(world: World) -> list[tuple[str | None, str]]:
    with world.as_("system"):
        return list(AgentStatusHistory.objects.order_by("id").values_list("previous", "status"))


def test_an_agent_works_while_it_holds_a_lease_and_is_idle_after(world: World) -> None:
    task, claim = started(world)
    assert status(world) == ("working", claim.execution_id, "")
    complete(world, claim)
    assert status(world) == ("idle", None, "")
    assert history(world) == [(None, "working"), ("working", "idle")]
    with world.as_("system"):
        [first, _] = Event.objects.filter(event_type="agent.status_changed").order_by("id")
        assert (first.project_id, first.task_id, first.concerns) == (world.project.id, task.id, [world.engineer.id])


def test_an_agent_with_two_attempts_works_until_the_last_has_ended(world: World) -> None:
    _, first = started(world)
    _, second = started(world)
    complete(world, second)
    assert status(world)[:2] == ("working", first.execution_id)
    complete(world, first)
    assert status(world)[0] == "idle"
    assert len(history(world)) == 2


def test_an_agent_waits_with_its_question_and_works_with_the_answer(world: World) -> None:
    _, claim = started(world)
    approval = ask(world, claim)
    assert status(world) == ("waiting_for_hitl", claim.execution_id, "")
    answer(world, approval)
    claimed = claim_one(world)
    assert status(world)[:2] == ("working", claimed.execution.id)


def test_a_rejected_question_leaves_the_agent_idle(world: World) -> None:
    approval = ask(world, started(world)[1])
    answer(world, approval, "reject")
    assert status(world)[0] == "idle"


def test_a_failure_is_an_error_until_the_next_claim(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        fail_execution(claim=claim, error="exit 1", retryable=False)
    assert status(world) == ("error", None, "exit 1")
    with world.as_("system"):
        assert Event.objects.get(event_type="agent.erred").reason == "exit 1"
    started(world)
    assert status(world)[::2] == ("working", "")


def test_a_silent_agent_is_offline_once_and_comes_back_when_it_calls(world: World) -> None:
    complete(world, started(world)[1])
    set_raw(world, "agents_agentstatus", "last_heartbeat_at = now() - interval '6 minutes'")
    with world.as_("system"):
        assert mark_silent_agents() == 1
        assert mark_silent_agents() == 0
    assert status(world)[0] == "offline"
    set_raw(world, "agents_agent", "last_seen_at = now() - interval '6 minutes'")
    assert Client(world.token).send("POST", "tasks/claim/", {}).status_code == 204
    assert status(world)[0] == "idle"
    assert history(world)[-2:] == [("idle", "offline"), ("offline", "idle")]


def test_an_agent_that_holds_a_lease_is_not_silent(world: World) -> None:
    _, claim = started(world)
    set_raw(world, "agents_agentstatus", "last_heartbeat_at = now() - interval '6 minutes'")
    with world.as_("system"):
        assert mark_silent_agents() == 0
    run_out(world, claim.execution_id)
    with world.as_("system"):
        assert mark_silent_agents() == 1


def counts(world: World) -> tuple[int, int, float]:
    with world.as_("system"):
        agent = Agent.objects.get(id=world.agent.id)
        return agent.total_executions, agent.successful_executions, float(agent.success_rate)


def test_what_ended_by_itself_counts_and_what_was_given_back_does_not(world: World) -> None:
    complete(world, started(world)[1])
    _, released = started(world)
    with acting(world, "agent"):
        release_execution(claim=released)
    claimed = claim_one(world)
    with acting(world, "engineer"):
        cancel_task(task=claimed.task, reason="no")
    assert counts(world) == (1, 1, 100)
    _, failing = started(world)
    with acting(world, "agent"):
        fail_execution(claim=failing, error="x", retryable=False)
    assert counts(world) == (2, 1, 50)
    _, lost = started(world)
    run_out(world, lost.execution_id)
    claim_one(world)
    assert counts(world) == (3, 1, 33.33)
    assert sql(world, "SELECT last_used_at IS NOT NULL FROM agents_agent WHERE id = %s", world.agent.id) == [(True,)]


def test_an_attempt_that_another_agent_takes_over_counts_for_the_one_that_lost_it(world: World) -> None:
    _, lost = started(world)
    run_out(world, lost.execution_id)
    other, caller = another_agent(world, "other")
    with world.as_("agent"):
        [claimed] = claim_tasks(principal=caller, agent=other)
    assert counts(world) == (1, 0, 0)
    with world.as_("system"):
        assert Agent.objects.get(id=other.id).total_executions == 0
        assert AgentStatus.objects.get(agent=other).current_execution_id == claimed.execution.id
    assert status(world)[0] == "idle"
