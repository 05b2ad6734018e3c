"""What the specification's own plan contradicts itself in (requirements §9.4) cannot be said here."""

import pytest

from common.errors import Conflict, Invalid
from projects import services
from projects.models import Gate, TaskGroup
from projects.queries import order_of, progress_of
from projects.samples.preservation import PLAN
from tasks.services import claim_tasks
from tests.delivery import make_delivery
from tests.world import World


def test_a_phase_that_has_not_started_has_no_work_that_agents_finish(world: World) -> None:
    """“Phase not yet started”, yet “Day 6-7 complete”."""
    make_delivery(world, started=False)
    with world.as_("agent"):
        assert claim_tasks(principal=world.agent_principal, agent=world.agent, limit=10) == []


def test_finished_tasks_show_in_the_percentage_at_once(world: World) -> None:
    """“0 %” beside finished tasks."""
    delivery = make_delivery(world)
    delivery.finish()
    with world.as_("system"):
        assert progress_of([delivery.phase])[delivery.phase.id].percentage == 50


def test_a_check_is_not_executed_by_saying_so(world: World) -> None:
    """“Executed”, though “ready for execution once Docker is running”."""
    delivery = make_delivery(world)
    delivery.finish()
    with pytest.raises(Invalid):
        delivery.call(services.judge_check, check=delivery.run_check, state="pass")
    with pytest.raises(Conflict):
        delivery.approve()


def test_criteria_are_not_ticked_without_evidence(world: World) -> None:
    """A tracker that is never updated, while all seven criteria are ticked."""
    delivery = make_delivery(world)
    with pytest.raises(Invalid):
        delivery.call(services.decide_criterion, criterion=delivery.criterion, state="met")


def test_every_group_of_the_sample_has_the_gate_that_the_text_promises() -> None:
    """“A review after each group”, and only three gates."""
    assert all(group.gate.checks for group in PLAN.phase.groups)
    assert [group.gate.kind for group in PLAN.phase.groups] == ["review", "review", "review", "validation"]


def test_gates_open_in_the_order_of_the_work_whatever_their_numbers(world: World) -> None:
    """Gates numbered 1 to 4 and triggered in the order 1, 2, 4, 3."""
    delivery = make_delivery(world)
    with world.as_("engineer"):
        third, fourth = (services.create_group(phase=delivery.phase, name=name) for name in ("Day 5", "Day 9"))
        services.add_group_dependency(group=fourth, depends_on=delivery.second)
        services.add_group_dependency(group=third, depends_on=fourth)
        steps = order_of([delivery.phase.id])
        names = [group.name for group in sorted(TaskGroup.objects.all(), key=lambda group: steps[group.id])]
    assert names == ["Backend", "Frontend", "Day 9", "Day 5"]


def test_what_happened_last_is_when_the_row_was_updated_last(world: World) -> None:
    """A log entry later than “last updated”: a trigger sets the time, nobody types it."""
    delivery = make_delivery(world)
    with world.as_("engineer"):
        Gate.objects.filter(id=delivery.gate.id).update(updated_at="2020-01-01T00:00:00Z", name="Renamed")
    assert delivery.now(delivery.gate).updated_at.year > 2020
