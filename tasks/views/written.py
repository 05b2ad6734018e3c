"""What people and agents wrote about a task, and what the log says happened to it: all of it in one query.

The rows come from eight tables, each with an index of its own and each with a bound;
their columns are those of `Written`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf

from audit.models import Event, Position
from common.context import Principal
from tasks import events
from tasks.models import (
    Attachment,
    Blocker,
    ChecklistItem,
    Comment,
    CommitRecord,
    Handoff,
    HandoffStatus,
    Task,
    WorkLogEntry,
)

MOST_COMMENTS, MOST_EVENTS, MOST_FILES, MOST_LINES, MOST_ROWS = 100, 60, 100, 500, 30
# The conversation shows these themselves.
SHOWN_BY_THEMSELVES = (events.COMMENT_ADDED.name, events.COMMENT_EDITED.name)


@dataclass(frozen=True, slots=True)
class Written:
    """One row: `at` is when it was written, `then` when it was changed, ticked, resolved or answered.

    `by` is the name of who did the last of these, `by_id` the person who wrote it; `more` is what only its kind has.
    """

    kind: str
    id: UUID
    at: datetime
    then: datetime | None
    text: str
    by: str
    by_person: bool
    by_id: UUID | None
    more: Mapping[str, Any]


# NULL with its type: the first branches of a union say what a column is.
NEVER = Cast(Value(None), DateTimeField())
COLUMNS = ("what", "row_id", "moment", "later", "words", "who", "is_person", "person", "rest")


def written_about(principal: Principal, task: Task) -> Mapping[str, list[Written]]:
    """Return the rows of each kind, the oldest first."""
    first, *others = sources(principal, task)
    found: dict[str, list[Written]] = defaultdict(list)
    for row in first.union(*others, all=True).order_by("moment", "row_id"):
        found[row[0]].append(Written(*row))
    return found


def sources(principal: Principal, task: Task) -> Iterator[QuerySet[Any, Any]]:
    """Yield the newest of each kind."""
    yield row(Comment, task, "comment", text="content", then="edited_at", user="author", reply_to="reply_to_id")[
        :MOST_COMMENTS
    ]
    yield row(
        ChecklistItem,
        task,
        "line",
        text="text",
        then="done_at",
        user="done_by_user",
        agent="done_by_agent",
        ordinal="ordinal",
        evidence="evidence_id",
    )[:MOST_LINES]
    yield row(
        Blocker,
        task,
        "blocker",
        text="reason",
        at="opened_at",
        then="resolved_at",
        user="resolved_by",
        agent="resolved_by_agent",
        unblock_steps="unblock_steps",
        commands="commands",
        resolution="resolution",
        owner=name_of("owner", "owner_agent"),
    ).order_by(F("resolved_at").desc(nulls_first=True), "id")[:MOST_ROWS]
    yield row(
        Attachment,
        task,
        "file",
        text="file_name",
        user="uploaded_by",
        size="size",
        media_type="media_type",
        sha256="sha256",
        evidence="evidence_id",
    )[:MOST_FILES]
    yield row(
        Handoff,
        task,
        "handoff",
        text="summary",
        at="offered_at",
        then="answered_at",
        user="from_user",
        agent="from_agent",
        status="status",
        phase="phase",
        gotchas="gotchas",
        files_tagged="files_tagged",
        commits="commits",
        rejected_reason="rejected_reason",
        taker=name_of("to_user", "to_agent"),
        takers=JSONObject(user="to_user_id", owner="to_agent__owner_id"),
    ).exclude(status=HandoffStatus.DRAFT)[:MOST_ROWS]
    yield row(WorkLogEntry, task, "work", text="text", at="at", kind="kind").order_by("-at", "-id")[:MOST_ROWS]
    yield row(
        CommitRecord,
        task,
        "commit",
        text="message",
        at=Coalesce("committed_at", "created_at"),
        hash="hash",
        branch="branch",
    )[:MOST_ROWS]
    yield happened(principal, task)


def row(
    model: Any,
    task: Task,
    source: str,
    *,
    text: str,
    at: Any = "created_at",
    then: str = "",
    user: str = "user",
    agent: str = "agent",
    **more: Any,
) -> QuerySet[Any, Any]:
    """Return the rows of one table about a task with the columns that all have, the newest first."""
    return columns(
        model.objects.filter(task_id=task.id),
        source,
        moment=F(at) if isinstance(at, str) else at,
        later=F(then) if then else NEVER,
        words=Cast(text, TextField()),
        who=name_of(user, agent),
        is_person=ExpressionWrapper(Q(**{f"{user}__isnull": False}), BooleanField()),
        person=F(f"{user}_id"),
        rest=JSONObject(**more),
    ).order_by("-id")


def name_of(user: str, agent: str) -> Coalesce:
    """Return the name of a person or an agent as both print themselves, empty where there is neither."""
    names = [f"{user}__display_name", f"{user}__username", f"{agent}__display_name", f"{agent}__name"]
    given = [NullIf(Cast(name, TextField()), Value("")) for name in names]
    return Coalesce(*given, Value(""), output_field=TextField())


def happened(principal: Principal, task: Task) -> QuerySet[Any, Any]:
    """Return the newest events about a task, each with its place in the log."""
    places = Position.objects.filter(tenant_id=OuterRef("tenant_id"), event_id=OuterRef("id")).values("pos")[:1]
    found = (
        Event.objects.visible_to(principal, [task.project_id])
        .filter(tenant_id=task.tenant_id, task_id=task.id)
        .exclude(event_type__in=SHOWN_BY_THEMSELVES)
    )
    return columns(
        found,
        "event",
        moment=F("recorded_at"),
        later=NEVER,
        words=Cast("reason", TextField()),
        who=Cast("actor_label", TextField()),
        is_person=Value(False, BooleanField()),
        person=Cast(Value(None), UUIDField()),
        rest=JSONObject(type="event_type", about="resource_type", label="resource_label", pos=Subquery(places)),
    ).order_by("-id")[:MOST_EVENTS]


def columns(found: QuerySet[Any], source: str, **values: Any) -> QuerySet[Any, Any]:
    named: Any = found.annotate(what=Value(source, TextField()), row_id=F("id"), **values)
    shown: QuerySet[Any, Any] = named.values_list(*COLUMNS)
    return shown
