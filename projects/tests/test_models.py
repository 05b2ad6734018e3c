"""What the tables of delivery hold together by themselves, and who sees their rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Model
from django.db.models.functions import Now

from common.ids import uuid7
from projects.models import (
    DecisionRecord,
    Escalation,
    EscalationRule,
    Gate,
    GateCheck,
    PatternCheck,
    Phase,
    PhaseApproval,
    Plan,
    Project,
    Review,
    SuccessCriterion,
    SuccessMetric,
    TaskGroup,
    TaskGroupDependency,
)
from projects.services import update_project
from tests.world import World


class Scene:
    """One row of every table of delivery."""

    def __init__(self, world: World) -> None:
        self.project = world.project
        self.person = world.reviewer
        self.plan = Plan.objects.create(project=self.project, name="Phase by phase")
        self.phase = Phase.objects.create(plan=self.plan, number=1, name="Foundation")
        self.criterion = SuccessCriterion.objects.create(phase=self.phase, ordinal=1, text="It starts.")
        self.metric = SuccessMetric.objects.create(phase=self.phase, name="Commits", operator="eq", target=4)
        self.first = TaskGroup.objects.create(phase=self.phase, name="Backend")
        self.second = TaskGroup.objects.create(phase=self.phase, name="Frontend")
        self.order = TaskGroupDependency.objects.create(group=self.second, depends_on=self.first)
        self.gate = Gate.objects.create(phase=self.phase, kind="review", number=1, name="Review 1")
        self.check = GateCheck.objects.create(gate=self.gate, ordinal=1, text="Tests", kind="command", command="make")
        self.review = Review.objects.create(
            gate=self.gate, cycle=0, reviewer_user=self.person, verdict="changes_requested", reopened_task_ids=[uuid7()]
        )
        self.pattern = PatternCheck.objects.create(review=self.review, name="Row security", preserved=True)
        self.approval = PhaseApproval.objects.create(phase=self.phase, approver_user=self.person, verdict="approved")
        self.decision = DecisionRecord.objects.create(project=self.project, number=1, title="One", decision="Yes.")
        self.rule = EscalationRule.objects.create(project=self.project, area="backend", trigger="Tests fail.")
        self.escalation = Escalation.objects.create(
            rule=self.rule, step="retry", subject_type="gate_check", subject_id=self.check.id, reason="exit 1"
        )


@pytest.fixture
def scene(world: World) -> Scene:
    with world.as_("admin"):
        return Scene(world)


DELIVERY = [model for model in apps.get_app_config("projects").get_models() if model.__name__ != "Project"]


@pytest.mark.parametrize("model", DELIVERY, ids=lambda model: model.__name__)
def test_members_see_the_rows_of_their_project_once_and_strangers_none(
    world: World, scene: Scene, model: type[Model]
) -> None:
    rows: Any = model._default_manager

    def seen_by(name: str) -> list[Any]:
        with world.as_(name):
            return sorted(rows.visible_to(world.people[name].principal()).values_list("id", flat=True))

    assert seen_by("admin")
    assert seen_by("viewer") == seen_by("admin")
    assert seen_by("stranger") == []


REFUSED: dict[str, tuple[Callable[[Scene], Model], dict[str, Any]]] = {
    "projects_project_archived": (lambda s: s.project, {"status": "archived"}),
    "projects_project_deleted": (lambda s: s.project, {"deleted_at": Now()}),
    "projects_project_completed": (lambda s: s.project, {"status": "completed"}),
    "projects_project_test_coverage_percent": (lambda s: s.project, {"test_coverage_percent": 100.5}),
    "projects_project_pr_merge_rate": (lambda s: s.project, {"pr_merge_rate": -1}),
    "projects_plan_links": (lambda s: s.plan, {"prd_url": "javascript:alert(1)"}),
    "projects_plan_started": (lambda s: s.plan, {"status": "active"}),
    "projects_plan_completed": (lambda s: s.plan, {"completed_at": Now()}),
    "projects_phase_estimate": (lambda s: s.phase, {"estimated_days_min": 3, "estimated_days_max": 2}),
    "projects_phase_started": (lambda s: s.phase, {"status": "in_progress"}),
    "projects_phase_completed": (lambda s: s.phase, {"status": "completed", "started_at": Now()}),
    "projects_successcriterion_waived": (lambda s: s.criterion, {"state": "waived"}),
    "projects_successcriterion_met": (lambda s: s.criterion, {"state": "met"}),
    "projects_successmetric_between": (lambda s: s.metric, {"operator": "between"}),
    "projects_successmetric_range": (lambda s: s.metric, {"operator": "between", "target_max": 3}),
    "projects_successmetric_measured": (lambda s: s.metric, {"measured": 4}),
    "projects_gate_decided": (lambda s: s.gate, {"status": "passed", "opened_at": Now()}),
    "projects_gate_opened": (lambda s: s.gate, {"status": "open"}),
    "projects_gate_waived_by": (lambda s: s.gate, {"status": "waived", "decided_at": Now(), "waived_reason": "late"}),
    "projects_gatecheck_command": (lambda s: s.check, {"command": ""}),
    "projects_gatecheck_checked": (lambda s: s.check, {"state": "pass"}),
    "projects_gatecheck_exit_code": (lambda s: s.check, {"state": "pass", "checked_at": Now(), "exit_code": 1}),
    "projects_gatecheck_skipped": (lambda s: s.check, {"state": "skipped", "checked_at": Now()}),
    "projects_gatecheck_waived": (lambda s: s.check, {"waived_reason": "known"}),
    "projects_gatecheck_output": (lambda s: s.check, {"output": "x" * 65_537}),
    "projects_decisionrecord_superseded": (lambda s: s.decision, {"status": "superseded"}),
    "projects_escalation_resolved": (lambda s: s.escalation, {"resolution": "done"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_database_refuses_a_row_that_contradicts_itself(world: World, scene: Scene, name: str) -> None:
    choose, change = REFUSED[name]
    row = choose(scene)
    with world.as_("admin"), pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        row._meta.base_manager.filter(pk=row.pk).update(**change)


def test_nothing_waits_for_itself(world: World, scene: Scene) -> None:
    with world.as_("admin"):
        with pytest.raises(IntegrityError, match="projects_phase_not_itself"), transaction.atomic():
            Phase.objects.update(depends_on=scene.phase)
        with pytest.raises(IntegrityError, match="projects_taskgroupdependency_not_itself"), transaction.atomic():
            TaskGroupDependency.objects.update(depends_on=scene.second)


def test_phases_change_places_in_one_statement(world: World, scene: Scene) -> None:
    with world.as_("admin"):
        Phase.objects.create(plan=scene.plan, number=2, name="Second")
        Phase.objects.bulk_update(
            [Phase(id=phase.id, number=3 - phase.number) for phase in Phase.objects.order_by("number")], ["number"]
        )
        assert list(Phase.objects.order_by("number").values_list("name", flat=True)) == ["Second", "Foundation"]


def test_a_reviewer_answers_once_a_cycle_and_a_verdict_stays(world: World, scene: Scene) -> None:
    with world.as_("admin"):
        with pytest.raises(IntegrityError, match="projects_review_once"), transaction.atomic():
            Review.objects.create(gate=scene.gate, cycle=0, reviewer_user=scene.person, verdict="approved")
        with pytest.raises(IntegrityError, match="projects_review_reviewer"), transaction.atomic():
            Review.objects.create(gate=scene.gate, cycle=1, verdict="approved")
        Review.objects.create(gate=scene.gate, cycle=1, reviewer_user=scene.person, verdict="approved")
        with pytest.raises(DatabaseError), transaction.atomic():
            Review.objects.update(verdict="approved")


def test_the_same_step_is_open_once(world: World, scene: Scene) -> None:
    again = {"rule": scene.rule, "step": "retry", "subject_type": "gate_check", "subject_id": scene.check.id}
    with world.as_("admin"):
        with pytest.raises(IntegrityError, match="projects_escalation_once"), transaction.atomic():
            Escalation.objects.create(**again, reason="exit 1")
        Escalation.objects.update(resolved_at=Now(), resolution="It passed.")
        Escalation.objects.create(**again, reason="exit 1")


def test_a_status_brings_its_time_and_a_deleted_project_is_out_of_use(world: World) -> None:
    with world.as_("admin"):
        for status, times in {
            "archived": (True, False, False),
            "completed": (False, True, False),
            "deleted": (False, True, True),
        }.items():
            project = update_project(project=world.project, status=status)
            assert (bool(project.archived_at), bool(project.completed_at), bool(project.deleted_at)) == times
        assert not Project.objects.exists()
        assert Project.all_objects.get().slug == world.project.slug
        Project.objects.create(key=world.project.key, slug=world.project.slug, name="Again")
