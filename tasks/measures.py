"""What was measured in phases and projects: derived from tasks, runs, commits, approvals and evidence, never typed."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, Q, Sum

from evidence.models import Evidence, SourceType
from projects.models import Gate, MetricKind
from tasks.models import ApprovalRequest, CommitRecord, Execution, ExecutionStatus, Resolution, Task, TaskKind
from tasks.queries import GIVEN_UP

Facts = dict[UUID, dict[str, Decimal]]
COVERAGE = ("coverage_percent", "percent_covered", "coverage")


def rounded(value: Decimal | float, places: str = "0.0001") -> Decimal:
    return Decimal(value).quantize(Decimal(places), rounding=ROUND_HALF_UP)


def task_counts(phase_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return how many tasks of each phase are done, and how many there are. What was given up counts as neither."""
    rows = Task.objects.filter(phase_id__in=phase_ids).exclude(resolution__in=GIVEN_UP).order_by()
    done = Count("id", filter=Q(resolution=Resolution.COMPLETED))
    found = rows.values("phase_id").annotate(done=done, total=Count("id"))
    return {row["phase_id"]: (row["done"], row["total"]) for row in found}


def measures_of_phases(phase_ids: Sequence[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """Return for each phase what its success metrics may ask for, by kind of metric. What is unknown is left out."""
    found: Facts = {phase_id: {} for phase_id in phase_ids}
    commits = CommitRecord.objects.filter(task__phase_id__in=phase_ids, hash__isnull=False).order_by()
    counts = dict(commits.values_list("task__phase_id").annotate(made=Count("id")))
    documented = issues_documented(phase_ids)
    for phase_id, facts in found.items():
        facts[MetricKind.COMMITS.value] = Decimal(counts.get(phase_id, 0))
        facts[MetricKind.ISSUES_DOCUMENTED.value] = documented.get(phase_id, Decimal(100))
    add(found, MetricKind.TIME_PER_GROUP, hours_per_group(phase_ids))
    add(found, MetricKind.TOKEN_SAVING, token_savings(phase_ids))
    return dict(found)


def add(found: Facts, kind: MetricKind, values: dict[UUID, Decimal]) -> None:
    for phase_id, value in values.items():
        found[phase_id][kind.value] = value


def issues_documented(phase_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Return the share of a phase's issues that are closed with notes on what was learnt."""
    issues = Task.objects.filter(phase_id__in=phase_ids, kind=TaskKind.ISSUE).order_by()
    known = Count("id", filter=Q(closed_at__isnull=False) & ~Q(notes=""))
    rows = issues.values("phase_id").annotate(known=known, total=Count("id"))
    return {row["phase_id"]: rounded(Decimal(row["known"] * 100) / row["total"]) for row in rows}


def hours_per_group(phase_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Return how long a group of the phase took on average, in hours: of those that are done."""
    tasks = Task.objects.filter(group__phase_id__in=phase_ids, started_at__isnull=False).order_by()
    groups = tasks.values("group__phase_id", "group_id").annotate(
        began=Min("started_at"), ended=Max("closed_at"), left=Count("id", filter=Q(closed_at=None))
    )
    spans: dict[UUID, list[timedelta]] = {}
    for row in groups:
        if not row["left"]:
            spans.setdefault(row["group__phase_id"], []).append(row["ended"] - row["began"])
    return {
        phase_id: rounded(sum(span.total_seconds() for span in found) / len(found) / 3600)
        for phase_id, found in spans.items()
    }


def token_savings(phase_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Return how much less than elsewhere in its project a result of the phase cost, in per cent of tokens.

    Unknown while either side has no accepted result with known usage.
    """
    projects = Task.objects.filter(phase_id__in=phase_ids).values("project_id")
    runs = Execution.objects.filter(
        project_id__in=projects, status=ExecutionStatus.SUCCESS, total_tokens__isnull=False
    ).order_by()
    rows = list(
        runs.values("project_id", phase=F("task__phase_id")).annotate(tokens=Sum("total_tokens"), results=Count("id"))
    )
    found = {}
    for row in rows:
        others = [one for one in rows if one["project_id"] == row["project_id"] and one["phase"] != row["phase"]]
        results = sum(one["results"] for one in others)
        elsewhere = Decimal(sum(one["tokens"] for one in others)) / results if results else Decimal(0)
        if row["phase"] in phase_ids and elsewhere:
            found[row["phase"]] = rounded(100 - Decimal(row["tokens"]) / row["results"] / elsewhere * 100)
    return found


def measures_of_project(project_id: UUID) -> dict[str, Any]:
    """Return a project's computed columns; None where nothing was measured yet."""
    merges = Task.objects.filter(project_id=project_id, kind=TaskKind.PULL_REQUEST, closed_at__isnull=False)
    merged = merges.filter(resolution=Resolution.COMPLETED)
    closed = merges.count()
    return {
        "average_review_time_minutes": review_minutes(project_id),
        "average_merge_time_minutes": minutes(*span(merged, "closed_at", "created_at")),
        "pr_merge_rate": rounded(Decimal(merged.count() * 100) / closed, "0.01") if closed else None,
        "test_coverage_percent": coverage(project_id),
    }


def span(rows: Any, until: str, since: str) -> tuple[timedelta, int]:
    """Return the sum of the time between two columns, and of how many rows it is."""
    found = rows.order_by().aggregate(time=Sum(F(until) - F(since)), count=Count("id"))
    return found["time"] or timedelta(), found["count"]


def minutes(time: timedelta, count: int) -> int | None:
    return int(rounded(time.total_seconds() / 60 / count, "1")) if count else None


def review_minutes(project_id: UUID) -> int | None:
    """Return how long an answer took on average: of approvals, and of gates from opening to decision."""
    answers = ApprovalRequest.objects.filter(project_id=project_id, decided_by__isnull=False)
    gates = Gate.objects.filter(phase__plan__project_id=project_id, opened_at__isnull=False, decided_at__isnull=False)
    asked, questions = span(answers, "decided_at", "created_at")
    opened, decisions = span(gates, "decided_at", "opened_at")
    return minutes(asked + opened, questions + decisions)


def coverage(project_id: UUID) -> Decimal | None:
    """Return what the newest standing coverage report of the project says."""
    reports = Evidence.objects.counting().filter(project_id=project_id, source_type=SourceType.COVERAGE_REPORT)
    newest = reports.order_by("-id").values_list("data", flat=True).first() or {}
    value = next((newest[name] for name in COVERAGE if name in newest), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return rounded(value, "0.01")
