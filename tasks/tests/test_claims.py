"""Claiming: who gets which task."""

from tasks.models import ExecutionStatus, TaskStatus
from tasks.services import claim_tasks, create_task
from tests.world import World


def test_an_agent_gets_the_most_urgent_task_it_can_do(world: World) -> None:
    with world.as_("engineer"):
        create_task(project=world.project, title="low", priority="low")
        create_task(project=world.project, title="needs gpu", priority="critical", required_capabilities=["gpu"])
        create_task(project=world.project, title="urgent", priority="high", required_capabilities=["pytest"])
    with world.as_("agent"):
        [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent)
        assert claimed.task.title == "urgent"
        assert claimed.task.status == TaskStatus.IN_PROGRESS
        assert claimed.execution.status == ExecutionStatus.RUNNING


def test_work_for_a_type_of_agent_goes_to_any_agent_of_that_type(world: World) -> None:
    with world.as_("engineer"):
        create_task(project=world.project, title="of another", priority="critical", required_capabilities=["analyst"])
        mine = create_task(project=world.project, title="ours", required_capabilities=[world.agent.agent_type])
    with world.as_("agent"):
        [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent, limit=2)
        assert claimed.task == mine


def test_another_tenants_agent_gets_nothing(world: World, other_world: World) -> None:
    with world.as_("engineer"):
        create_task(project=world.project, title="mine")
    with other_world.as_("agent"):
        assert claim_tasks(principal=other_world.agent_principal, agent=other_world.agent) == []
