"""The board: one project's tasks by what they wait for."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from common.context import Principal
from evidence.models import Evidence
from projects.models import Project
from projects.permissions import can_manage
from tasks.models import ApprovalRequest, Criterion, Evaluation, Execution, ExecutionStatus, Task, TaskStatus
from tasks.services.holds import Hold
from tasks.services.waiting import holds_of
from tasks.views.looks import (
    NEEDS_APPROVAL,
    NEEDS_REVIEW,
    STALLED,
    TASK,
    Look,
    Strength,
    signs_off,
    strength,
    task_look,
)
from tasks.views.shell import RegionView, ShellView, board_url_of, visible_project

FIRST, STEP, MOST = 50, 50, 500
LONG_TEXT = ("description", "instructions", "input", "output")


@dataclass(frozen=True, slots=True)
class Card:
    task: Task
    url: str
    title: str
    look: Look
    since: datetime
    clock: datetime | None
    who: str
    who_icon: str
    strength: Strength
    met: int
    total: int
    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    look: Look
    empty: str
    cards: list[Card] = field(default_factory=list)
    is_cut: bool = False
    more_url: str = ""

    @property
    def count(self) -> str:
        """How many; "50+" where nobody needs to know exactly."""
        return f"{len(self.cards)}+" if self.is_cut else str(len(self.cards))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar on top of the board; percentages."""

    tone: str
    words: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Board:
    columns: list[Column]

    @property
    def is_empty(self) -> bool:
        return not any(column.cards for column in self.columns)

    @property
    def sentence(self) -> str:
        return ", ".join(f"{column.count} {column.look.word.lower()}" for column in self.columns if column.cards)

    @property
    def parts(self) -> list[Part]:
        columns = [column for column in self.columns if column.key != "draft"]
        total = sum(len(column.cards) for column in columns)
        parts: list[Part] = []
        x = 0.0
        for column in columns:
            width = round(100 * len(column.cards) / total, 2) if total else 0
            if width:
                parts.append(Part(column.look.tone, f"{column.count} {column.look.word.lower()}", x, width))
            x += width
        return parts


NEEDS = Look(NEEDS_APPROVAL.icon, "Needs you", "you")
WAITS = Look("hourglass", "Needs a person", "warn")
COLUMNS = (
    ("queued", TASK[TaskStatus.OPEN], "Nothing waits for an agent.", TaskStatus.OPEN),
    ("running", TASK[TaskStatus.IN_PROGRESS], "No agent is at work.", TaskStatus.IN_PROGRESS),
    ("needs", NEEDS, "Nothing waits for an answer.", None),
    ("review", Look("eye", "Review", "neutral"), "Nothing waits for a review.", TaskStatus.IN_REVIEW),
    ("blocked", TASK[TaskStatus.BLOCKED], "", TaskStatus.BLOCKED),
    ("done", TASK[TaskStatus.CLOSED], "Nothing is done yet.", TaskStatus.CLOSED),
    ("draft", TASK[TaskStatus.DRAFT], "", TaskStatus.DRAFT),
)
ONLY_IF_ANY = ("blocked", "draft")
STATUS_COLUMN = {status: key for key, _, _, status in COLUMNS if status}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the cards of a board need besides their tasks, each fetched once for all of them."""

    runs: Mapping[UUID, Execution]
    grades: Mapping[UUID, Counter[str]]
    criteria: Mapping[UUID, list[bool]]
    mine: Mapping[UUID, ApprovalRequest]
    to_review: Collection[UUID]
    holds: Mapping[UUID, list[Hold]]


def board(
    principal: Principal, project: Project, mine: Mapping[UUID, ApprovalRequest], shown: Mapping[str, int]
) -> Board:
    tasks, cut = newest_by_status(principal, project, shown)
    facts = facts_of(principal, project, tasks, mine)
    cards: dict[str, list[Card]] = defaultdict(list)
    for task in tasks:
        cards[column_of(task, facts)].append(card_of(task, facts))
    columns = [
        Column(key, heading(key, look, facts), empty, cards[key], key in cut, more_url(project, key, shown, cut))
        for key, look, empty, _ in COLUMNS
    ]
    return Board([column for column in columns if column.cards or column.key not in ONLY_IF_ANY])


def newest_by_status(principal: Principal, project: Project, shown: Mapping[str, int]) -> tuple[list[Task], set[str]]:
    """Return the newest tasks of each status, in one query that an index serves, and which columns have more."""
    of_project = Task.objects.visible_to(principal).filter(project=project)
    tasks = of_project.select_related("assigned_agent", "assigned_user").defer(*LONG_TEXT).order_by("-id")
    slices = [tasks.filter(status=status)[: shown[key] + 1] for status, key in STATUS_COLUMN.items()]
    found: dict[str, list[Task]] = defaultdict(list)
    for task in slices[0].union(*slices[1:], all=True).order_by("-id"):
        task.project = project
        found[STATUS_COLUMN[TaskStatus(task.status)]].append(task)
    cut = {key for key, rows in found.items() if len(rows) > shown[key]}
    return [task for key, rows in found.items() for task in rows[: shown[key]]], cut


def facts_of(principal: Principal, project: Project, tasks: list[Task], mine: Mapping[UUID, ApprovalRequest]) -> Facts:
    ids = [task.id for task in tasks]
    last_runs = (
        Execution.objects.visible_to(principal)
        .filter(task_id__in=ids)
        .order_by("task_id", "-attempt")
        .distinct("task_id")
        .select_related("agent")
        .defer("result")
    )
    runs = {run.task_id: run for run in last_runs}
    reviews = [task.id for task in tasks if task.status == TaskStatus.IN_REVIEW]
    is_manager = bool(reviews) and can_manage(principal, project.id)
    return Facts(
        runs=runs,
        grades=grades_of(principal, ids),
        criteria=criteria_of(ids),
        mine=mine,
        holds=holds_of([task.id for task in tasks if task.waiting_on]),
        to_review={task_id for task_id in reviews if signs_off(principal, runs.get(task_id), is_manager)},
    )


def grades_of(principal: Principal, ids: Iterable[UUID]) -> Mapping[UUID, Counter[str]]:
    counted = (
        Evidence.objects.visible_to(principal)
        .counting()
        .filter(task_id__in=ids)
        .order_by()
        .values_list("task_id", "grade")
        .annotate(count=Count("id"))
    )
    grades: dict[UUID, Counter[str]] = defaultdict(Counter)
    for task_id, grade, count in counted:
        grades[task_id][grade] = count
    return grades


def criteria_of(ids: Iterable[UUID]) -> Mapping[UUID, list[bool]]:
    last = Evaluation.objects.filter(criterion=OuterRef("pk")).order_by("-id").values("is_met")[:1]
    rows = Criterion.objects.filter(contract__task_id__in=ids).values_list("contract__task_id", Subquery(last))
    criteria: dict[UUID, list[bool]] = defaultdict(list)
    for task_id, is_met in rows:
        criteria[task_id].append(bool(is_met))
    return criteria


def column_of(task: Task, facts: Facts) -> str:
    run = facts.runs.get(task.id)
    parked = run is not None and run.status == ExecutionStatus.WAITING_FOR_HITL and not task.claimable_from
    return "needs" if task.id in facts.mine or parked else STATUS_COLUMN[TaskStatus(task.status)]


def heading(key: str, look: Look, facts: Facts) -> Look:
    """Violet only where the viewer may act."""
    if key == "review":
        return NEEDS_REVIEW if facts.to_review else look
    return WAITS if key == "needs" and not facts.mine else look


def card_of(task: Task, facts: Facts) -> Card:
    run = facts.runs.get(task.id)
    asked = facts.mine.get(task.id)
    grades = facts.grades.get(task.id, Counter())
    criteria = facts.criteria.get(task.id, [])
    look, clock = look_of(task, run, facts)
    who, icon = who_works(task, run)
    return Card(
        task=task,
        url=reverse("tasks:task", args=[task.id]),
        title=task.title,
        look=look,
        since=task.updated_at,
        clock=clock,
        who=who,
        who_icon=icon,
        strength=strength(grades),
        met=sum(criteria),
        total=len(criteria),
        reason=reason_of(task, asked, facts),
    )


def who_works(task: Task, run: Execution | None) -> tuple[str, str]:
    """Return a name and an icon: of the agent that has or had it, or of whom it is meant for."""
    if run or task.assigned_agent:
        return str(run.agent if run else task.assigned_agent), "bot"
    return (str(task.assigned_user), "user") if task.assigned_user else ("unassigned", "bot")


def reason_of(task: Task, asked: ApprovalRequest | None, facts: Facts) -> str:
    """What a card says besides its state: the question, why it is blocked, or the first thing it waits for."""
    if asked:
        return asked.question
    if task.status == TaskStatus.BLOCKED:
        return task.status_reason
    holds = facts.holds.get(task.id, [])
    if len(holds) > 1:
        return f"{holds[0].words.removesuffix('.')}, and {len(holds) - 1} more."
    return holds[0].words if holds else ""


def look_of(task: Task, run: Execution | None, facts: Facts) -> tuple[Look, datetime | None]:
    """Return how the card looks to the viewer, and since when its clock runs, if it does."""
    asked = facts.mine.get(task.id)
    if task.id in facts.to_review:
        return NEEDS_REVIEW, None
    if run is None or run.status != ExecutionStatus.RUNNING:
        return task_look(task, live_status=run.status if run else None, mine=asked.kind if asked else None), None
    if run.lease_expires_at and run.lease_expires_at < timezone.now():
        return STALLED, run.last_heartbeat_at
    return TASK[TaskStatus(task.status)], run.started_at


def shown_in(request: HttpRequest) -> dict[str, int]:
    """Return how many cards each column shows: `?done=100` after "Show more", and never more than a page can bear."""
    return {key: limit(request.GET.get(key, "")) for key, *_ in COLUMNS}


def limit(text: str) -> int:
    return max(FIRST, min(int(text), MOST)) if text.isdecimal() and len(text) < 5 else FIRST


def query_of(shown: Mapping[str, int]) -> str:
    grown = "&".join(f"{key}={count}" for key, count in shown.items() if count > FIRST)
    return f"?{grown}" if grown else ""


def more_url(project: Project, key: str, shown: Mapping[str, int], cut: set[str]) -> str:
    if key not in cut or shown[key] >= MOST:
        return ""
    return board_url_of(project) + query_of({**shown, key: shown[key] + STEP}) + f"#column-{key}"


class BoardRegionView(RegionView):
    """The columns: what a live update fetches again."""

    template_name = "tasks/board_region.html"

    @cached_property
    def project(self) -> Project:
        return visible_project(self.principal, self.kwargs["slug"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        project, shown = self.project, shown_in(self.request)
        return {
            **super().context(**kwargs),
            "project": project,
            "region_url": reverse("tasks:board-region", args=[project.slug]) + query_of(shown),
            "board": board(self.principal, project, self.mine, shown),
        }


class BoardView(BoardRegionView, ShellView):
    template_name = "tasks/task_board.html"
    section = "board"

    def about(self) -> Project:
        return self.project

    def context(self, **kwargs: Any) -> dict[str, Any]:
        projects = Project.objects.visible_to(self.principal).active().order_by("name")[:50]
        return {**super().context(**kwargs), "projects": projects}


class HomeView(ShellView):
    """The first board of the viewer."""

    template_name = "tasks/no_project.html"
    section = "board"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        projects = Project.objects.visible_to(self.principal).order_by("-created_at")
        project = projects.active().first() or projects.first()
        return redirect(board_url_of(project)) if project else super().get(request, *args, **kwargs)
