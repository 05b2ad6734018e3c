"""A plan in motion: phases, gates and checks in every state that an endpoint asks for."""

from decimal import Decimal
from typing import Any

from evidence.services import About, submit_evidence
from projects import services
from projects.models import Gate, Plan
from tests.world import World

Names = dict[str, str]


def delivery(world: World, names: Names) -> Names:
    with world.as_("engineer"):
        plan = Plan.objects.select_related("project").get(id=names["plan"])
        made = phases(plan) | records(world)
        made |= gates(made["phase"])
        made["run_evidence"] = submit_evidence(
            about=About(project_id=world.project.id),
            source_type="test_result",
            title="a run",
            content="1 passed",
            data={"exit_code": 0},
            author_id=world.engineer.id,
        )
    with world.as_("reviewer"):
        made["phase_approval"] = services.judge_phase(
            phase=made["done_phase"],
            principal=world.reviewer.principal(),
            verdict="approved",
            transition_document="Read this.",
        )
        finished = services.create_gate(phase=made["phase"], kind="review", name="Finished", required=False)
        made["review_row"] = services.submit_review(
            gate=services.open_gate(gate=finished), principal=world.reviewer.principal(), verdict="approved"
        )
    return {name: str(row.id) for name, row in made.items()}


def phases(plan: Plan) -> dict[str, Any]:
    """Phases that run, wait to start, are blocked, and have nothing left to do."""
    made = {
        name: services.create_phase(plan=plan, name=name)
        for name in ("phase", "next_phase", "held_phase", "done_phase")
    }
    for name in ("phase", "held_phase", "done_phase"):
        made[name] = services.start_phase(phase=made[name])
    made["held_phase"] = services.block_phase(phase=made["held_phase"], reason="Docker is not running")
    return made


def gates(phase: Any) -> dict[str, Any]:
    """Groups that nobody works on, so that their gates may open at any time."""
    first, second, third = (services.create_group(phase=phase, name=name) for name in ("First", "Second", "Third"))
    dependency = services.add_group_dependency(group=second, depends_on=first, reason="needs it")
    gate = services.create_gate(phase=phase, kind="review", name="Shut", after_group=first)
    opened = services.create_gate(phase=phase, kind="review", name="Open", after_group=second)
    checks = {
        "manual_check": services.add_check(gate=opened, text="Reads well"),
        "run_check": services.add_check(gate=opened, text="Tests pass", kind="command", command="pytest -q"),
    }
    reviewable = services.create_gate(phase=phase, kind="validation", name="Reviewable", after_group=third)
    for one in (opened, reviewable):
        services.open_gate(gate=Gate.objects.get(id=one.id))
    return {
        "group": first,
        "second_group": second,
        "third_group": third,
        "group_dependency": dependency,
        "gate": gate,
        "open_gate": opened,
        "reviewable": reviewable,
        "criterion_row": services.add_criterion(phase=phase, text="It starts."),
        "metric": services.add_metric(phase=phase, name="Commits", kind="commits", operator="eq", target=Decimal(4)),
        **checks,
    }


def records(world: World) -> dict[str, Any]:
    project = world.project
    rule = services.add_escalation_rule(project=project, area="Backend", trigger="A check fails.")
    about: dict[str, Any] = {"subject_type": "project", "subject_id": project.id}
    return {
        "decision_record": services.propose_decision(project=project, title="One", decision="Yes."),
        "rule": rule,
        "escalation": services.raise_escalation(project=project, area="backend", reason="It fails.", **about),
    }
