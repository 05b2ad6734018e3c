"""Projects' ends, plans, phases, gates, reviews, decisions, escalations and metrics."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from projects import services
from projects.models import EscalationRule, Gate, TaskGroupDependency
from tests.delivery import Delivery, make_delivery
from tests.work import acting
from tests.world import World

Scene = Callable[[World], Any]
MADE = (
    *("plan.created", "phase.created", "task_group.created", "task_group.created", "task_group.dependency_added"),
    *("gate.created", "gate_check.added", "gate_check.added", "success_criterion.added"),
)
STARTED = (*MADE, "plan.started", "phase.started", "task.created", "task.created")
OPEN = (*STARTED, "task.closed", "task.closed", "gate.opened")
RUN = ("evidence.registered", "gate_check.judged")
PASSED = (*OPEN, *RUN, "gate_check.judged", "review.submitted", "gate.passed")
APPROVED = (*PASSED, "evidence.registered", "success_criterion.decided", "phase.judged")
HELD = ("task.waiting", "task.waiting")
RULE: dict[str, Any] = {"area": "Backend", "trigger": "A check fails."}
SCENES: dict[str, tuple[Scene, list[str]]] = {}


def leaves(name: str, *events: str) -> Callable[[Callable[[Delivery], Any]], None]:
    """Let a scene be played with a phase that has started; `events` are what the whole of it leaves."""

    def remember(scene: Callable[[Delivery], Any]) -> None:
        SCENES[f"projects.{name}"] = (lambda world: scene(make_delivery(world)), list(events))

    return remember


def plain(service: str, before: tuple[str, ...], /, *events: str, **values: Callable[[Delivery], Any]) -> None:
    """Remember one call; `values` are made from the delivery, which is open, passed or approved as `before` says."""

    def scene(world: World) -> None:
        delivery = make_delivery(world)
        prepare(delivery, before)
        delivery.call(getattr(services, service), **{key: value(delivery) for key, value in values.items()})

    SCENES[f"projects.{service}"] = (scene, [*before, *events])


def prepare(delivery: Delivery, before: tuple[str, ...]) -> None:
    if before == OPEN:
        delivery.finish()
    if before in (PASSED, APPROVED):
        delivery.pass_gate()
    if before == APPROVED:
        delivery.meet()
        judge(delivery)


def judge(delivery: Delivery) -> None:
    delivery.call(services.judge_phase, phase=delivery.phase, verdict="approved", transition_document="Read this.")


def why(_: Delivery) -> str:
    return "because"


def rule(delivery: Delivery) -> EscalationRule:
    made: EscalationRule = delivery.call(services.add_escalation_rule, project=delivery.world.project, **RULE)
    return made


def phase(delivery: Delivery) -> Any:
    return delivery.phase


def gate(delivery: Delivery) -> Gate:
    return delivery.gate


plain("update_plan", STARTED, "plan.updated", plan=lambda d: d.plan, goal=why)
plain("cancel_plan", STARTED, "phase.cancelled", "plan.cancelled", *HELD, plan=lambda d: d.plan, reason=why)
plain("create_phase", STARTED, "phase.created", plan=lambda d: d.plan, name=why)
plain("update_phase", STARTED, "phase.updated", phase=phase, notes=why)
plain("block_phase", STARTED, "phase.blocked", *HELD, phase=phase, reason=why)
plain("cancel_phase", STARTED, "phase.cancelled", *HELD, phase=phase, reason=why)
plain("complete_phase", APPROVED, "phase.completed", "plan.completed", phase=phase)
plain("create_group", STARTED, "task_group.created", phase=phase, name=why)
plain("update_group", STARTED, "task_group.updated", group=lambda d: d.first, label=why)
plain("add_criterion", STARTED, "success_criterion.added", phase=phase, text=why)
plain("update_criterion", STARTED, "success_criterion.updated", criterion=lambda d: d.criterion, text=why)
plain("create_gate", STARTED, "gate.created", phase=phase, kind=lambda _: "final", name=why)
plain("update_gate", STARTED, "gate.updated", gate=gate, name=why)
plain("waive_gate", STARTED, "gate.waived", gate=gate, reason=why)
plain("add_check", STARTED, "gate_check.added", gate=gate, text=why)
plain("judge_check", OPEN, "gate_check.judged", check=lambda d: d.manual_check, state=lambda _: "pass")
plain("waive_check", OPEN, "gate_check.waived", check=lambda d: d.manual_check, reason=why)
plain("add_metric", STARTED, "success_metric.added", phase=phase, name=why, target=lambda _: Decimal(4))
plain(
    "propose_decision",
    STARTED,
    "decision_record.proposed",
    project=lambda d: d.world.project,
    title=why,
    decision=why,
)


@leaves("start_phase", *STARTED)
def _(delivery: Delivery) -> None:
    """Started by the scene itself."""


@leaves("resume_phase", *STARTED, "phase.blocked", *HELD, "phase.resumed", *["task.unblocked"] * 2)
def _(delivery: Delivery) -> None:
    delivery.call(services.block_phase, phase=delivery.phase, reason="Docker is not running")
    delivery.call(services.resume_phase, phase=delivery.phase)


@leaves("judge_phase", *APPROVED)
def _(delivery: Delivery) -> None:
    prepare(delivery, APPROVED)


@leaves("decide_criterion", *STARTED, "evidence.registered", "success_criterion.decided")
def _(delivery: Delivery) -> None:
    delivery.meet()


@leaves("add_group_dependency", *STARTED, "task_group.created", "task_group.dependency_added")
def _(delivery: Delivery) -> None:
    third = delivery.call(services.create_group, phase=delivery.phase, name="Third")
    delivery.call(services.add_group_dependency, group=third, depends_on=delivery.first)


@leaves("remove_group_dependency", *STARTED, "task_group.dependency_removed")
def _(delivery: Delivery) -> None:
    with acting(delivery.world, "engineer"):
        dependency = TaskGroupDependency.objects.select_related("group").get()
    delivery.call(services.remove_group_dependency, dependency=dependency)


@leaves("open_gate", *STARTED, "gate.created", "gate.opened")
def _(delivery: Delivery) -> None:
    empty = delivery.call(
        services.create_gate, phase=delivery.phase, kind="validation", name="V", after_group=delivery.second
    )
    delivery.call(services.open_gate, gate=empty)


@leaves("open_ready_gates", *STARTED, "gate.created", "gate.opened")
def _(delivery: Delivery) -> None:
    empty = delivery.call(
        services.create_gate, phase=delivery.phase, kind="validation", name="V", after_group=delivery.second
    )
    delivery.call(services.open_ready_gates, phase_id=empty.phase_id, group_id=empty.after_group_id)


@leaves("record_check_run", *OPEN, *RUN)
def _(delivery: Delivery) -> None:
    delivery.finish()
    delivery.run()


@leaves("submit_review", *PASSED)
def _(delivery: Delivery) -> None:
    delivery.pass_gate()


@leaves(
    "accept_decision",
    *(*STARTED, "decision_record.proposed", "decision_record.accepted", "decision_record.proposed"),
    *("decision_record.accepted", "decision_record.superseded"),
)
def _(delivery: Delivery) -> None:
    decision: dict[str, Any] = {"project": delivery.world.project, "title": "One", "decision": "Yes."}
    one = delivery.call(services.propose_decision, **decision)
    delivery.call(services.accept_decision, decision=one)
    two = delivery.call(services.propose_decision, **decision)
    delivery.call(services.accept_decision, decision=two, supersedes=one)


@leaves("add_escalation_rule", *STARTED, "escalation_rule.added")
def _(delivery: Delivery) -> None:
    rule(delivery)


@leaves("update_escalation_rule", *STARTED, "escalation_rule.added", "escalation_rule.updated")
def _(delivery: Delivery) -> None:
    delivery.call(services.update_escalation_rule, rule=rule(delivery), trigger="Two checks fail.")


RAISED = (*STARTED, "escalation_rule.added", "escalation.raised")


def raised(delivery: Delivery) -> Any:
    rule(delivery)
    about: dict[str, Any] = {"subject_type": "task", "subject_id": delivery.tasks[0].id}
    return delivery.call(
        services.raise_escalation, project=delivery.world.project, area="backend", reason="It fails.", **about
    )


@leaves("raise_escalation", *RAISED)
def _(delivery: Delivery) -> None:
    raised(delivery)


@leaves("resolve_escalation", *RAISED, "escalation.resolved")
def _(delivery: Delivery) -> None:
    delivery.call(services.resolve_escalation, escalation=raised(delivery), resolution="Mended.")


@leaves("update_metric", *STARTED, "success_metric.added", "success_metric.updated")
def _(delivery: Delivery) -> None:
    metric = delivery.call(services.add_metric, phase=delivery.phase, name="Commits", target=Decimal(4))
    delivery.call(services.update_metric, metric=metric, target=Decimal(5))


@leaves("retract_proof", *PASSED, "gate_check.proof_rejected", "gate.reopened")
def _(delivery: Delivery) -> None:
    delivery.pass_gate()
    proof = delivery.now(delivery.run_check).evidence_id
    for _ in range(2):
        delivery.call(services.retract_proof, evidence_id=proof, reason="It ran against another branch.")


@leaves("measure_project", *STARTED, "project.measured")
def _(delivery: Delivery) -> None:
    for _ in range(2):
        delivery.call(services.measure_project, project=delivery.world.project)


@leaves("archive_project", *STARTED, "project.archived")
def _(delivery: Delivery) -> None:
    delivery.call(services.archive_project, project=delivery.world.project, reason="done with")


@leaves("delete_project", *STARTED, "project.deleted")
def _(delivery: Delivery) -> None:
    delivery.call(services.delete_project, project=delivery.world.project, reason="done with")
