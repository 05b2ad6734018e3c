"""Numbers of projects and phases: derived from what happened."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from django.db import connections

from common.context import SYSTEM
from common.tenancy import tenant_context
from evidence.services import About, submit_evidence
from projects import services
from projects.jobs import measure_projects
from projects.models import Project
from projects.queries import actual_values
from tasks.models import CommitRecord, Execution, Task
from tests.delivery import make_delivery, task_in
from tests.work import answer, ask, complete, events_of, started
from tests.world import World


def measured(world: World) -> Project:
    with world.as_("system"):
        return services.measure_project(project=world.project)


def test_a_project_is_measured_by_its_approvals_gates_pull_requests_and_coverage(world: World) -> None:
    approval = ask(world, started(world)[1])
    answer(world, approval)
    delivery = make_delivery(world)
    merged, dropped = (task_in(world, delivery.second, kind="pull_request", title=title) for title in ("a", "b"))
    delivery.finish(merged)
    with world.as_("engineer"):
        Task.objects.filter(id=merged.id).update(created_at="2026-01-01T00:00:00Z", closed_at="2026-01-01T00:30:00Z")
        about: dict[str, Any] = {"about": About(project_id=world.project.id), "author_id": world.engineer.id}
        report: dict[str, Any] = {"source_type": "coverage_report", "title": "coverage", "content": "x"}
        submit_evidence(**about, **report, data={"coverage_percent": 87.456})
    found = measured(world)
    assert found.average_review_time_minutes == 0
    assert found.average_merge_time_minutes == 30
    assert (found.pr_merge_rate, found.test_coverage_percent) == (Decimal(100), Decimal("87.46"))
    assert found.last_activity_at
    with world.as_("engineer"):
        Task.objects.filter(id=dropped.id).update(
            status="closed", resolution="wont_fix", closed_at="2026-01-01T01:00:00Z", claimable_from=None, waiting_on=0
        )
    assert measured(world).pr_merge_rate == Decimal(50)


def test_work_that_ends_is_seen_on_its_project_in_the_same_transaction(world: World) -> None:
    before = last_activity(world)
    complete(world, started(world)[1])
    assert before is None
    assert last_activity(world)


def last_activity(world: World) -> Any:
    with world.as_("system"):
        return Project.objects.values_list("last_activity_at", flat=True).get(id=world.project.id)


def test_work_that_ends_waits_for_nobody_who_holds_the_project(committed_world: World) -> None:
    world = committed_world
    claim = started(world)[1]
    with ThreadPoolExecutor(1) as pool, world.as_("system"):
        Project.objects.select_for_update(no_key=True).get(id=world.project.id)
        done = pool.submit(in_a_thread, lambda: complete(world, claim)).result(30)
    assert done.status == "closed"
    assert last_activity(world) is None


def in_a_thread(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connections.close_all()


def test_nothing_is_recorded_where_nothing_changed(world: World) -> None:
    measured(world)
    before = len(events_of(world))
    measured(world)
    assert len(events_of(world)) == before


def test_a_phase_is_measured_by_commits_issues_time_and_tokens(world: World) -> None:
    delivery = make_delivery(world)
    kinds = ("commits", "issues_documented", "time_per_group", "token_saving", "custom")
    with world.as_("engineer"):
        metrics = {
            kind: services.add_metric(phase=delivery.phase, name=kind, kind=kind, target=Decimal(1)) for kind in kinds
        }
        assert actual_values(list(metrics.values()))[metrics["issues_documented"].id] == Decimal(100)
        task, second = delivery.tasks
        CommitRecord.objects.create(
            project=world.project,
            task=task,
            hash="a" * 40,
            message="m",
            committed_at="2026-01-01T00:00:00Z",
            user=world.engineer,
        )
        CommitRecord.objects.create(project=world.project, task=task, message="pending", user=world.engineer)
    issues = [task_in(world, delivery.second, kind="issue", title=title) for title in ("a", "b")]
    with world.as_("engineer"):
        Task.objects.filter(id=issues[0].id).update(notes="The middleware was lost.")
    delivery.finish(*issues, task, second)
    with world.as_("engineer"):
        Task.objects.filter(group=delivery.first).update(
            started_at="2026-01-01T00:00:00Z", closed_at="2026-01-01T03:00:00Z"
        )
        other = services.create_phase(plan=delivery.plan, name="Other")
        Task.objects.filter(id=issues[0].id).update(phase=other, group=None)
        run_of(world, task, tokens=60)
        run_of(world, issues[0], tokens=100)
        Task.objects.filter(id=issues[0].id).update(phase=other)
        found = actual_values(list(metrics.values()))
    assert found[metrics["commits"].id] == 1
    assert found[metrics["issues_documented"].id] == 0
    assert found[metrics["time_per_group"].id] == 3
    assert found[metrics["token_saving"].id] == 40
    assert found[metrics["custom"].id] is None


def run_of(world: World, task: Task, tokens: int) -> None:
    moment = "2026-01-01T00:00:00Z"
    Execution.objects.create(
        project=world.project,
        task=task,
        agent=world.agent,
        attempt=1,
        status="success",
        lease_seconds=60,
        input_tokens=tokens,
        output_tokens=0,
        started_at=moment,
        ended_at=moment,
    )


def test_the_rollup_measures_every_tenants_projects(committed_world: World) -> None:
    measure_projects()
    with tenant_context(committed_world.tenant.id, actor=SYSTEM):
        assert Project.objects.get(id=committed_world.project.id).last_activity_at
