"""Two people at the same moment: two connections, two transactions."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from common.errors import DomainError
from projects import services
from projects.models import Gate, TaskGroupDependency
from tests.delivery import Delivery, make_delivery, task_in
from tests.world import World


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make the calls in threads that start together; return what each returned, or the code of its refusal."""
    barrier = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            found[place] = call()
        except DomainError as refusal:
            found[place] = refusal.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=entry) for entry in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def decided(delivery: Delivery, who: str, verdict: str) -> Callable[[], Any]:
    values: dict[str, Any] = {"verdict": verdict, "comments": "looked at it"}
    return lambda: delivery.call(services.submit_review, who, gate=delivery.gate, **values).verdict


def test_of_two_who_decide_a_gate_one_wins(committed_world: World) -> None:
    for verdicts in (("approved", "changes_requested"), ("approved", "approved")):
        delivery = make_delivery_named(committed_world, "-".join(verdicts))
        delivery.finish()
        delivery.run()
        delivery.judge()
        answers = at_once(
            decided(delivery, "reviewer", verdicts[0]),
            decided(delivery, "admin", verdicts[1]),
        )
        refused = [answer for answer in answers if answer == "gate_not_open"]
        [won] = [answer for answer in answers if answer != "gate_not_open"]
        assert len(refused) == 1
        gate: Gate = delivery.now(delivery.gate)
        assert gate.status == {"approved": "passed", "changes_requested": "changes_requested"}[won]


def make_delivery_named(world: World, name: str) -> Delivery:
    delivery = make_delivery(world)
    delivery.call(services.update_plan, plan=delivery.plan, name=name)
    return delivery


def test_two_edges_that_would_close_a_circle_together_do_not(committed_world: World) -> None:
    delivery = make_delivery(committed_world)
    with committed_world.as_("engineer"):
        one, two, three = (services.create_group(phase=delivery.phase, name=name) for name in ("One", "Two", "Three"))
        services.add_group_dependency(group=two, depends_on=one)

    def edge(group: Any, depends_on: Any) -> Callable[[], Any]:
        return lambda: delivery.call(services.add_group_dependency, group=group, depends_on=depends_on) and "added"

    answers = at_once(edge(three, two), edge(one, three))
    assert sorted(answers) == ["added", "cycle"]
    with committed_world.as_("engineer"):
        assert TaskGroupDependency.objects.filter(group__name__in=["One", "Two", "Three"]).count() == 2


def test_a_task_that_is_made_while_its_gate_passes_is_not_forgotten(committed_world: World) -> None:
    delivery = make_delivery(committed_world)
    delivery.finish()
    delivery.run()
    delivery.judge()
    [_, behind] = at_once(delivery.approve, lambda: task_in(committed_world, delivery.second, title="2.1"))
    assert delivery.now(behind).waiting_on == 0


def test_the_two_last_tasks_of_a_group_open_its_gate(committed_world: World) -> None:
    delivery = make_delivery(committed_world)
    first, second = delivery.tasks
    at_once(lambda: delivery.finish(first), lambda: delivery.finish(second))
    assert delivery.now(delivery.gate).status == "open"
