"""One of everything that the API shows, in one tenant."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import ApiToken
from agents.services import issue_agent_token, register_agent
from audit.models import Event
from projects.models import ProjectMember
from projects.services import create_plan
from tasks.services import (
    CriterionInput,
    claim_tasks,
    complete_execution,
    create_task,
    hand_in_evidence,
    lease_token,
    request_approval,
    respond_to_approval,
    set_contract,
)
from tasks.services.leases import LeaseClaim
from tests.api.scene.accounts import personal
from tests.api.scene.agents import agents
from tests.api.scene.artifacts import artifacts
from tests.api.scene.audit import webhooks
from tests.api.scene.collab import collab
from tests.api.scene.delivery import delivery
from tests.api.scene.evidence import evidence_part
from tests.api.scene.sealing import proofs
from tests.api.scene.tasks import relations
from tests.world import World


@dataclass(slots=True)
class Scene:
    """Ids (and the few other texts that requests are made of), by the names that the tables use."""

    world: World
    names: dict[str, str]

    def fill(self, value: Any) -> Any:
        """Replace every `{name}` in a request."""
        if isinstance(value, dict):
            return {name: self.fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        return value.format(**self.names) if isinstance(value, str) else value


Part = Callable[[World, dict[str, str]], dict[str, str]]
PARTS: tuple[Part, ...] = (
    personal,
    webhooks,
    artifacts,
    collab,
    evidence_part,
    agents,
    relations,
    delivery,
    proofs,
)
"""what the apps add: each makes its rows and returns their names; one module of this package each"""


def claimed(world: World, task: Any) -> LeaseClaim:
    """Let the agent claim `task`, which must be the only one that can be claimed."""
    with world.as_("agent"):
        [given] = claim_tasks(principal=world.agent_principal, agent=world.agent, lease_seconds=3600)
        assert given.task == task
        return LeaseClaim(world.agent_principal, given.execution.id, lease_token(given.execution.id))


def new_task(world: World, title: str, **changes: Any) -> Any:
    with world.as_("engineer"):
        return create_task(project=world.project, title=title, created_by_id=world.engineer.id, **changes)


def make_scene(world: World) -> Scene:
    names = people_and_places(world) | approvals(world) | review(world) | running(world)
    with world.as_("engineer"):
        judged = new_task(world, "with a contract", status="draft")
        set_contract(task=judged, criteria=[CriterionInput("command_exit", "pytest", {"command": "pytest"})])
        names["judged"] = str(judged.id)
        names["draft"] = str(new_task(world, "draft", status="draft").id)
        names["task"] = str(new_task(world, "open").id)
        names["event"] = str(Event.objects.filter(task_id=names["task"]).latest("id").id)
    for part in PARTS:
        names |= part(world, names)
    return Scene(world, names)


def people_and_places(world: World) -> dict[str, str]:
    with world.as_("engineer"):
        plan = create_plan(project=world.project, name="First")
        member = ProjectMember.objects.get(user=world.viewer)
        tokens = {"token": ApiToken.objects.get(user=world.engineer, agent_id=None).id}
        spare = register_agent(owner=world.engineer, name="spare", agent_type="tester")
        issue_agent_token(agent=spare)
    ids = {"project": world.project.id, "agent": world.agent.id, "plan": plan.id, "member": member.id, **tokens}
    people = {name: user.id for name, user in world.people.items()}
    return {name: str(identifier) for name, identifier in (ids | people).items()}


def approvals(world: World) -> dict[str, str]:
    """A pending approval, and one that was granted to the attempt that runs now."""
    pending_task = new_task(world, "asks")
    with world.as_("agent"):
        lease = claimed(world, pending_task)
        pending = request_approval(claim=lease, kind="question", question="Shall I?", action={"command": "x"})
    task = new_task(world, "was granted")
    with world.as_("agent"):
        asking = claimed(world, task)
        granted = request_approval(claim=asking, kind="question", question="May I?", action={"command": "y"})
    with world.as_("reviewer"):
        respond_to_approval(
            approval=granted,
            principal=world.reviewer.principal(),
            action="approve",
            comment="Go on.",
            digest=granted.digest,
        )
    holding = claimed(world, task)
    return {
        "approval": str(pending.id),
        "digest": pending.digest,
        "granted": str(granted.id),
        "granted_digest": granted.digest,
        "redeeming": str(holding.execution_id),
        "redeeming_lease": holding.token,
    }


def review(world: World) -> dict[str, str]:
    """A task that waits for a maintainer's verdict."""
    task = new_task(world, "to be signed off")
    with world.as_("engineer"):
        set_contract(task=task, criteria=[CriterionInput("human_signoff", "somebody looked", minimum_grade="human")])
    lease = claimed(world, task)
    with world.as_("agent"):
        complete_execution(claim=lease, result={}, summary="")
    return {"review": str(task.id)}


def running(world: World) -> dict[str, str]:
    """An attempt that runs and has handed in evidence."""
    lease = claimed(world, new_task(world, "running"))
    with world.as_("agent"):
        evidence = hand_in_evidence(claim=lease, source_type="test_result", title="pytest", content="1 passed")
    return {"execution": str(lease.execution_id), "lease": lease.token, "evidence": str(evidence.id)}
