"""Sample plans: the data of `projects.samples`, made by the same services as everything else."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from agents.models import Agent
from common.errors import Invalid
from projects import services
from projects.models import CheckKind, Phase, Plan, Project, TaskGroup
from projects.samples.preservation import PLAN
from projects.samples.shapes import SampleGate, SampleGroup, SamplePhase, SamplePlan
from tasks.models import AssignmentRole, Task
from tasks.services.assignments import assign
from tasks.services.dependencies import add_dependency
from tasks.services.editing import create_task

CHECKS_IT = {"review": AssignmentRole.REVIEWER, "validation": AssignmentRole.VALIDATOR}


@transaction.atomic
def create_sample_plan(*, project: Project, agents: Mapping[str, Agent], sample: SamplePlan = PLAN) -> Plan:
    """Create a sample plan as a draft: groups in their order, tasks, assignments, gates with checks, and the rest.

    `agents` are the project's agents by name; they work for members of the project. Raises `Invalid` where one that
    the plan names is missing, `Conflict` where the project has the plan already.
    """
    missing = sorted(set(sample.agents) - set(agents))
    if missing:
        raise Invalid("Agents of the plan are missing.", errors={"agents": missing})
    plan = services.create_plan(project=project, name=sample.name, goal=sample.goal)
    made = sample.phase
    phase = services.create_phase(
        plan=plan,
        name=made.name,
        number=made.number,
        goal=made.goal,
        estimated_days_min=made.days[0],
        estimated_days_max=made.days[1],
    )
    groups: dict[str, TaskGroup] = {}
    for group in made.groups:
        groups[group.name] = add_group(project, phase, group, agents)
        if group.after:
            services.add_group_dependency(
                group=groups[group.name], depends_on=groups[group.after], reason=group.after_reason
            )
    add_gate(phase, made.final, None, agents)
    add_records(project, phase, made, agents)
    return plan


def add_group(project: Project, phase: Phase, sample: SampleGroup, agents: Mapping[str, Agent]) -> TaskGroup:
    """Add a group with its tasks in their order, who does them, who steps in and who looks at them."""
    group = services.create_group(
        phase=phase, name=sample.name, label=sample.label, rationale=sample.rationale, parallel_key=sample.parallel_key
    )
    tasks: dict[str, Task] = {}
    for step in sample.tasks:
        tasks[step.code] = create_task(
            project=project,
            title=step.title,
            group=group,
            code=step.code,
            estimated_minutes=step.minutes,
            target_path=step.target,
            assigned_agent=agents[step.agent],
        )
        for code in step.after:
            add_dependency(task=tasks[step.code], depends_on=tasks[code], reason=f"{code} comes first")
    doing = {step.agent: tuple(one.code for one in sample.tasks if one.agent == step.agent) for step in sample.tasks}
    for name, codes in doing.items():
        assign(
            role=AssignmentRole.PRIMARY,
            group=group,
            agent=agents[name],
            scope=codes if len(doing) > 1 else (),
            rationale=sample.rationale,
        )
    for backup in sample.backups:
        assign(
            role=AssignmentRole.BACKUP,
            group=group,
            agent=agents[backup.agent],
            scope=backup.scope,
            condition=backup.condition,
        )
    assign(role=CHECKS_IT[sample.gate.kind], group=group, agent=agents[sample.gate.owner])
    add_gate(phase, sample.gate, group, agents)
    return group


def add_gate(phase: Phase, sample: SampleGate, group: TaskGroup | None, agents: Mapping[str, Agent]) -> None:
    gate = services.create_gate(
        phase=phase, kind=sample.kind, name=sample.name, after_group=group, owner_agent_id=agents[sample.owner].id
    )
    for check in sample.checks:
        services.add_check(
            gate=gate,
            text=check.text,
            kind=CheckKind.COMMAND if check.command else CheckKind.MANUAL,
            command=check.command,
            section=check.section,
        )


def add_records(project: Project, phase: Phase, sample: SamplePhase, agents: Mapping[str, Agent]) -> None:
    """Add what a phase must reach, what it is measured by, who is asked when it fails, and what was decided."""
    for text in sample.criteria:
        services.add_criterion(phase=phase, text=text)
    for metric in sample.metrics:
        services.add_metric(
            phase=phase,
            name=metric.name,
            kind=metric.kind,
            operator=metric.operator,
            target=Decimal(metric.target),
            target_max=Decimal(metric.target_max) if metric.target_max else None,
            unit=metric.unit,
        )
    for rule in sample.rules:
        services.add_escalation_rule(
            project=project,
            phase=phase,
            area=rule.area,
            trigger=rule.trigger,
            backup_agent_id=agents[rule.backup].id,
            escalate_to_agent_id=agents[rule.escalate_to].id,
        )
    for decision in sample.decisions:
        services.propose_decision(
            project=project,
            phase=phase,
            title=decision.title,
            decision=decision.decision,
            reasoning=decision.reasoning,
            alternatives=decision.alternatives,
            benefits=decision.benefits,
            note=decision.note,
            future=decision.future,
        )
