"""The timeline of a task: its attempts and waits as bars. Long idle stretches are folded, so work stays readable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.models import ApprovalRequest, ApprovalStatus, Execution, ExecutionStatus
from tasks.views.looks import approval_look, run_look

FOLD_ABOVE = 0.15
FOLDED = 6.0
NARROWEST = 0.6
MOST = 14
TICKS = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A named piece of time."""

    name: str
    tone: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch as it is drawn; percentages of the width."""

    name: str
    tone: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Time to percent, with the idle gaps folded: each knot is a moment and its place."""

    knots: Sequence[tuple[datetime, float]]

    def place(self, moment: datetime) -> float:
        for (start, low), (end, high) in zip(self.knots, self.knots[1:], strict=False):
            if moment <= end:
                return low + (high - low) * max(0.0, (moment - start) / (end - start) if end > start else 0.0)
        return self.knots[-1][1]

    def moment(self, place: float) -> datetime:
        for (start, low), (end, high) in zip(self.knots, self.knots[1:], strict=False):
            if place <= high:
                return start + (end - start) * ((place - low) / (high - low) if high > low else 0.0)
        return self.knots[-1][0]


@dataclass(frozen=True, slots=True)
class Timeline:
    total: timedelta
    idle: timedelta
    rows: list[Bar]
    gaps: list[Bar]
    ticks: list[Tick]

    @property
    def sentence(self) -> str:
        names = "; ".join(row.name for row in self.rows)
        return f"Timeline of {len(self.rows)} steps: {names}. Runs, approvals and evidence are listed on this page too."


def stretches(runs: Iterable[Execution], approvals: Iterable[ApprovalRequest], now: datetime) -> list[Stretch]:
    found = [
        Stretch(f"attempt {run.attempt}: {run.agent}", tone_of(run), run.started_at, working_until(run, now))
        for run in runs
        if run.started_at
    ]
    found += [
        Stretch("wait: approval", approval_look(asked, mine=True).tone, asked.created_at, asked_until(asked, now))
        for asked in approvals
    ]
    return sorted(found, key=lambda stretch: stretch.start)[-MOST:]


def tone_of(run: Execution) -> str:
    """A parked attempt was at work; that it waits is the next bar's to say."""
    return "active" if run.status == ExecutionStatus.WAITING_FOR_HITL else run_look(run).tone


def working_until(run: Execution, now: datetime) -> datetime:
    """A parked attempt works until it asked: its wait has a row of its own."""
    if run.lease_expires_at is None and run.last_heartbeat_at:
        return run.last_heartbeat_at
    return run.ended_at or now


def asked_until(asked: ApprovalRequest, now: datetime) -> datetime:
    if asked.status == ApprovalStatus.PENDING:
        return now
    return asked.decided_at or asked.updated_at


def timeline(runs: Iterable[Execution], approvals: Iterable[ApprovalRequest], now: datetime) -> Timeline | None:
    rows = stretches(runs, approvals, now)
    if not rows:
        return None
    start, end = rows[0].start, max(row.end for row in rows)
    idle = idle_gaps(rows, end - start)
    scale = scale_of(start, end, idle)
    return Timeline(
        total=end - start,
        idle=sum((gap.end - gap.start for gap in idle), timedelta()),
        rows=[bar(row, scale) for row in rows],
        gaps=[bar(gap, scale) for gap in idle],
        ticks=ticks(scale, start),
    )


def idle_gaps(rows: Sequence[Stretch], total: timedelta) -> list[Stretch]:
    gaps: list[Stretch] = []
    until = rows[0].end
    for row in rows[1:]:
        if row.start - until > total * FOLD_ABOVE:
            gaps.append(Stretch("idle", "neutral", until, row.start))
        until = max(until, row.end)
    return gaps


def scale_of(start: datetime, end: datetime, idle: Sequence[Stretch]) -> Scale:
    busy = (end - start) - sum((gap.end - gap.start for gap in idle), timedelta())
    share = (100 - FOLDED * len(idle)) / (busy.total_seconds() or 1)
    knots, place, moment = [(start, 0.0)], 0.0, start
    for gap in idle:
        place += (gap.start - moment).total_seconds() * share
        knots += [(gap.start, place), (gap.end, place + FOLDED)]
        place, moment = place + FOLDED, gap.end
    return Scale([*knots, (end, 100.0)])


def bar(stretch: Stretch, scale: Scale) -> Bar:
    x = min(scale.place(stretch.start), 100 - NARROWEST)
    width = max(NARROWEST, scale.place(stretch.end) - x)
    return Bar(stretch.name, stretch.tone, round(x, 2), round(width, 2))


def ticks(scale: Scale, start: datetime) -> list[Tick]:
    found = []
    for step in range(TICKS + 1):
        place = 100 * step / TICKS
        seconds = round((scale.moment(place) - start).total_seconds())
        anchor = "start" if step == 0 else "end" if step == TICKS else "middle"
        found.append(Tick(place, clock(seconds), anchor))
    return found


def clock(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
