"""The plan of the specification (§9.3), literally, and bound to commands that are there."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from agents.models import Agent
from agents.services import register_agent
from common.errors import Conflict, Invalid
from projects.models import DecisionRecord, EscalationRule, Gate, GateCheck, Phase, SuccessCriterion, SuccessMetric
from projects.queries import order_of
from projects.samples.preservation import AGENTS, PLAN
from projects.services import start_phase
from tasks.models import Assignment, Task
from tasks.services import claim_tasks
from tasks.services.samples import create_sample_plan
from tests.work import acting
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def agents(world: World) -> dict[str, Agent]:
    with world.as_("engineer"):
        return {name: register_agent(owner=world.engineer, name=name, agent_type="custom") for name in AGENTS}


def test_the_plan_is_the_specifications(world: World, agents: dict[str, Agent]) -> None:
    with acting(world, "engineer"):
        plan = create_sample_plan(project=world.project, agents=agents)
        phase = Phase.objects.get(plan=plan)
        steps = order_of([phase.id])
        groups = sorted(phase.groups.all(), key=lambda group: steps[group.id])
        assert [group.name for group in groups] == ["Backend", "Frontend", "Infrastructure", "Observability"]
        assert [group.label for group in groups][-1] == "Day 5"
        assert Gate.objects.count() == 5
        assert GateCheck.objects.filter(kind="command").count() == 17
        counts = [model.objects.count() for model in (SuccessCriterion, SuccessMetric, EscalationRule, DecisionRecord)]
        assert counts == [7, 6, 4, 5]
        backup = Assignment.objects.get(group=groups[0], role="backup")
        assert (backup.scope, backup.condition) == (["1.2"], "if schema complexity increases")
        sections = ("Backend", "Frontend", "Infrastructure", "Observability")
        found = [GateCheck.objects.filter(section=section).count() for section in sections]
        assert found == [4, 4, 5, 4]
        names: dict[Any, str] = {agent.id: name for name, agent in agents.items()}
        doing = dict(Task.objects.order_by("code").values_list("code", "assigned_agent_id"))
        assert {code: names[agent_id] for code, agent_id in doing.items() if agent_id} == dict(
            **dict.fromkeys(("1.1", "1.2", "1.3", "3.1", "3.3", "4.1", "4.2", "4.3"), "python-backend-engineer"),
            **dict.fromkeys(("2.1", "2.2", "2.3", "3.2"), "ui-engineer"),
        )
        assert {gate.name: names[gate.owner_agent_id] for gate in Gate.objects.all() if gate.owner_agent_id} == {
            **dict.fromkeys(("Review 1", "Review 2", "Review 3"), "code-reviewer"),
            "Validation": "task-completion-validator",
            "Final review": "lead-architect",
        }
        ways = EscalationRule.objects.values_list("area", "backup_agent_id", "escalate_to_agent_id")
        assert {area: (names.get(backup), names.get(last)) for area, backup, last in ways} == {
            "Backend": ("data-layer-expert", "lead-architect"),
            "Frontend": ("frontend-developer", "frontend-architect"),
            "Infrastructure": ("data-layer-expert", "ultrathink-debugger"),
            "Observability": ("ultrathink-debugger", "lead-architect"),
        }


def test_its_work_begins_where_its_order_says(world: World, agents: dict[str, Agent]) -> None:
    with acting(world, "engineer"):
        plan = create_sample_plan(project=world.project, agents=agents)
        start_phase(phase=Phase.objects.get(plan=plan))
        free = Task.objects.filter(claimable_from__isnull=False).order_by("code")
        assert list(free.values_list("code", flat=True)) == ["1.1", "1.2", "1.3"]
        held = dict(Task.objects.filter(code__startswith="4").values_list("code", "waiting_on"))
        assert held == {"4.3": 2, "4.1": 3, "4.2": 3}  # two gates, and in the group 4.3 before 4.1 before 4.2
        assert not claim_tasks(principal=world.agent_principal, agent=world.agent)


def test_a_plan_without_its_agents_is_refused_and_made_once(world: World, agents: dict[str, Agent]) -> None:
    with acting(world, "engineer"):
        with pytest.raises(Invalid) as refusal:
            create_sample_plan(project=world.project, agents={})
        assert refusal.value.extra["errors"]["agents"] == sorted(AGENTS)
        create_sample_plan(project=world.project, agents=agents)
        with pytest.raises(Conflict):
            create_sample_plan(project=world.project, agents=agents)


COMMANDS = [check.command for group in PLAN.phase.groups for check in group.gate.checks if check.command]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_what_is_there(command: str) -> None:
    words = shlex.split(command)
    assert words[0] in {"python3", "curl", "docker"}
    files = [word.partition("::") for word in words if word.endswith(".py") or ".py::" in word]
    for name, _, test in files:
        assert (ROOT / name).is_file(), name
        assert not test or f"def {test}(" in (ROOT / name).read_text(), test
