"""The page of a plan: who sees it, what it says, and what it costs."""

from typing import Any

import pytest
from django.test import Client

from projects import services
from tasks.tests.test_views import statements
from tasks.tests.view_cases import body
from tests.delivery import Delivery, make_delivery, task_in
from tests.staff import signed_in
from tests.work import acting
from tests.world import World

MOST_QUERIES = 19


@pytest.fixture
def delivery(world: World) -> Delivery:
    return make_delivery(world)


def page_of(delivery: Delivery) -> str:
    return f"/projects/countermark/plans/{delivery.plan.id}/"


def shown(delivery: Delivery) -> Any:
    return signed_in(delivery.world.viewer).get(page_of(delivery)).context["phases"]


def test_members_see_it_and_others_do_not(delivery: Delivery, other_world: World) -> None:
    world, page = delivery.world, page_of(delivery)
    for target in (page, f"/f{page}"):
        for person in ("admin", "engineer", "reviewer", "viewer"):
            assert signed_in(world.people[person]).get(target).status_code == 200, target
        for stranger in (world.stranger, other_world.admin):
            assert signed_in(stranger).get(target).status_code == 404, target
        assert Client().get(target).headers["Location"].startswith("/sign-in/")
        assert signed_in(world.engineer).post(target).status_code == 405
    assert signed_in(world.viewer).get(page.replace("countermark", "other")).status_code == 404


def test_a_project_leads_to_the_plan_it_follows(delivery: Delivery) -> None:
    client = signed_in(delivery.world.viewer)
    with acting(delivery.world, "engineer"):
        services.create_plan(project=delivery.world.project, name="Some day")
    assert client.get("/projects/countermark/plans/").headers["Location"] == page_of(delivery)
    page = body(client.get(page_of(delivery)))
    assert "Some day" in page
    assert 'href="/projects/countermark/plans/"' in body(client.get("/projects/countermark/board/"))


def test_a_project_without_a_plan_says_so(world: World) -> None:
    assert "has no plan yet" in body(signed_in(world.viewer).get("/projects/countermark/plans/"))
    assert signed_in(world.stranger).get("/projects/countermark/plans/").status_code == 404


def test_groups_and_gates_stand_in_the_order_in_which_they_come(delivery: Delivery) -> None:
    delivery.call(services.create_gate, "engineer", phase=delivery.phase, kind="final", name="Final")
    [row] = shown(delivery)
    ways = [([one.group.name for one in step.groups], [one.gate.name for one in step.gates]) for step in row.steps]
    assert ways == [(["Backend"], ["Review 1"]), (["Frontend"], []), ([], ["Final"])]


def test_it_says_how_far_everything_is_and_what_comes_next(delivery: Delivery) -> None:
    [row] = shown(delivery)
    [gate] = row.steps[0].gates
    assert (row.look.word, row.actions, gate.look.word, gate.behind) == ("In progress", ["Finish 2 tasks"], "Closed", 0)
    delivery.finish()
    delivery.run()
    [row] = shown(delivery)
    [gate], [group] = row.steps[0].gates, row.steps[0].groups
    assert (group.done, group.total, gate.look.word, gate.behind) == (2, 2, "Open for review", 1)
    assert row.actions == ["Decide gate Review 1"]
    page = body(signed_in(delivery.world.viewer).get(page_of(delivery)))
    for words in ("2 of 2 tasks", "0 of 1 gates", "1 of 2 checks", "pytest -q", "Reads well", "It starts."):
        assert words in page, words


def test_what_was_let_through_says_why(delivery: Delivery) -> None:
    delivery.finish()
    delivery.run(exit_code=1)
    delivery.call(services.waive_check, check=delivery.run_check, reason="Flaky on this host")
    page = body(signed_in(delivery.world.viewer).get(page_of(delivery)))
    assert "exit 1" in page
    assert "Let through: Flaky on this host" in page


def test_what_was_escalated_stands_on_top_until_it_is_resolved(delivery: Delivery) -> None:
    world = delivery.world
    with acting(world, "engineer"):
        services.add_escalation_rule(project=world.project, area="Backend", trigger="A check fails.")
        about: dict[str, Any] = {"subject_type": "gate", "subject_id": delivery.gate.id, "reason": "Two checks fail"}
        escalation = services.raise_escalation(project=world.project, area="Backend", **about)
    assert "Two checks fail" in body(signed_in(world.viewer).get(page_of(delivery)))
    delivery.call(services.resolve_escalation, escalation=escalation, resolution="Mended")
    assert "Two checks fail" not in body(signed_in(world.viewer).get(page_of(delivery)))


def test_what_people_wrote_is_text_never_markup(delivery: Delivery) -> None:
    evil = "<script>alert(1)</script>"
    with acting(delivery.world, "engineer"):
        services.create_group(phase=delivery.phase, name=evil)
        services.add_check(gate=delivery.gate, text=evil, kind="command", command=evil)
        services.add_criterion(phase=delivery.phase, text=evil)
    task_in(delivery.world, delivery.second, title=evil)
    answer = signed_in(delivery.world.viewer).get(page_of(delivery))
    assert evil not in answer.content.decode()
    assert " style=" not in answer.content.decode()


def test_a_part_equals_the_region_of_its_page_and_more_phases_cost_no_more(delivery: Delivery) -> None:
    client, page = signed_in(delivery.world.viewer), page_of(delivery)
    assert body(client.get(f"/f{page}")).strip() in body(client.get(page))
    few = statements(client, page)
    assert len(few) <= MOST_QUERIES, "\n".join(few)
    with acting(delivery.world, "engineer"):
        for name in ("Second", "Third"):
            phase = services.create_phase(plan=delivery.plan, name=name)
            group = services.create_group(phase=phase, name="Backend")
            gate = services.create_gate(phase=phase, kind="review", name="Review", after_group=group)
            services.add_check(gate=gate, text="Reads well")
            services.add_criterion(phase=phase, text="It goes on.")
    assert len(statements(client, page)) == len(few)
