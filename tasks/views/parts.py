"""What people and agents write about a task, as its page shows it: each list bounded, each with its forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from audit.events import event_type
from common.context import Principal
from tasks.forms import (
    BlockerForm,
    CommentForm,
    DependencyForm,
    EditForm,
    FileForm,
    LineForm,
    NoForm,
    PartForm,
    RefuseForm,
    RemoveForm,
    ResolveForm,
    TakeOverForm,
    TickForm,
    WorkForm,
)
from tasks.models import DependencyKind, HandoffPhase, HandoffStatus, Task, TaskDependency, TaskStatus, WorkKind
from tasks.permissions import takes
from tasks.services.blockers import BLOCKABLE
from tasks.views.looks import EVENT_ICONS, HANDOFF, NEEDS_HANDOFF, Look, task_look
from tasks.views.written import MOST_COMMENTS, MOST_LINES, MOST_ROWS, Written

Kind = TypeVar("Kind", bound=PartForm)


@dataclass(frozen=True, slots=True)
class Writer:
    """What a viewer may write about a task, and the forms that were just sent and refused, by their names."""

    principal: Principal
    task: Task
    may_write: bool
    may_manage: bool
    sent: Mapping[str, PartForm]

    def form(self, kind: type[Kind], part: str, *rest: Any, **given: Any) -> Any:
        """Return the form of a part: as it was sent, or as it begins; None where the viewer may not write."""
        if not self.may_write:
            return None
        name = "-".join([part, *(str(piece) for piece in rest)])
        return self.sent.get(name) or kind(name=name, action=address(self.task, part, *rest), **given)

    def may_take_over(self, handoff: Written) -> bool:
        """As `can_take_over`, with the rights that are known already."""
        takers = [UUID(taker) for taker in handoff.more["takers"].values() if taker]
        mine = self.may_manage or (self.may_write and takes(self.principal, takers))
        return mine and handoff.by_id != self.principal.user_id


def address(task: Task, part: str, *rest: Any) -> str:
    return reverse(f"tasks:task-{part}", args=[task.id, *rest])


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A comment, or what the log says."""

    written: Written
    icon: str
    sentence: str = ""
    about: str = ""
    edit: EditForm | None = None
    delete: NoForm | None = None


@dataclass(frozen=True, slots=True)
class LineRow:
    item: Written
    tick: TickForm | None

    @property
    def done(self) -> bool:
        return self.item.then is not None


@dataclass(frozen=True, slots=True)
class BlockerRow:
    blocker: Written
    resolve: ResolveForm | None


@dataclass(frozen=True, slots=True)
class FileRow:
    attachment: Written
    url: str
    delete: NoForm | None


@dataclass(frozen=True, slots=True)
class HandoffRow:
    handoff: Written
    look: Look
    phase: str
    accept: TakeOverForm | None
    reject: RefuseForm | None


@dataclass(frozen=True, slots=True)
class NeighbourRow:
    """Another task: one that this waits for, or one that waits for this."""

    dependency: TaskDependency
    other: Task
    words: str
    look: Look
    remove: NoForm | None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A line of the work log, or a commit."""

    written: Written
    icon: str
    kind: str


Rows = Mapping[str, list[Written]]


def parts_of(writer: Writer, rows: Rows) -> dict[str, Any]:
    """Return all that the page's lists of written things show."""
    task, stream = writer.task, stream_rows(writer, rows)
    blockers = [blocker_row(writer, row) for row in rows.get("blocker", ())]
    lines = sorted(rows.get("line", ()), key=lambda row: row.more["ordinal"])
    is_open = task.status != TaskStatus.CLOSED
    return {
        "stream": stream,
        "said": sum(not row.sentence for row in stream),
        "most_comments": MOST_COMMENTS,
        "comment_form": writer.form(CommentForm, "comment"),
        "checklist": [LineRow(row, writer.form(TickForm, "line-tick", row.id)) for row in lines],
        "ticked": sum(row.then is not None for row in lines),
        "line_form": writer.form(LineForm, "line"),
        "blockers": [row for row in blockers if not row.blocker.then],
        "resolved": sorted((row for row in blockers if row.blocker.then), key=attrgetter("blocker.then"), reverse=True),
        "blocker_form": writer.form(BlockerForm, "blocker") if task.status in BLOCKABLE else None,
        "files": [file_row(writer, row) for row in reversed(rows.get("file", ()))],
        "file_form": writer.form(FileForm, "file"),
        "handoffs": [handoff_row(writer, row) for row in reversed(rows.get("handoff", ()))],
        "may_hand_over": writer.may_write and is_open,
        "neighbours": neighbour_rows(writer),
        "dependency_form": writer.form(DependencyForm, "dependency") if is_open else None,
        "journal": journal_rows(rows),
        "work_form": writer.form(WorkForm, "work"),
    }


def stream_rows(writer: Writer, rows: Rows) -> list[StreamRow]:
    """Return the discussion and the activity as one story, the newest last, as people go on with it."""
    said = [comment_row(writer, row) for row in rows.get("comment", ())]
    happened = [event_row(row) for row in rows.get("event", ())]
    # Ids are made in the order of time, also within one transaction.
    return sorted([*said, *happened], key=attrgetter("written.id"))


def comment_row(writer: Writer, comment: Written) -> StreamRow:
    own = comment.by_id == writer.principal.user_id
    return StreamRow(
        written=comment,
        icon="user" if comment.by_person else "bot",
        edit=writer.form(EditForm, "comment-edit", comment.id, initial={"content": comment.text}) if own else None,
        delete=writer.form(NoForm, "comment-delete", comment.id) if own or writer.may_manage else None,
    )


def event_row(event: Written) -> StreamRow:
    """What happened, and to what where that is not the task itself."""
    name = event.more["type"]
    return StreamRow(
        written=event,
        icon=next((icon for start, icon in EVENT_ICONS if name.startswith(start)), "activity"),
        sentence=event_type(name).sentence,
        about="" if event.more["about"] in {"task", "execution", "comment"} else event.more["label"],
    )


def blocker_row(writer: Writer, blocker: Written) -> BlockerRow:
    return BlockerRow(blocker, None if blocker.then else writer.form(ResolveForm, "blocker-resolve", blocker.id))


def file_row(writer: Writer, file: Written) -> FileRow:
    removable = not file.more["evidence"] and (file.by_id == writer.principal.user_id or writer.may_manage)
    return FileRow(
        attachment=file,
        url=address(writer.task, "file-content", file.id),
        delete=writer.form(NoForm, "file-delete", file.id) if removable else None,
    )


def handoff_row(writer: Writer, handoff: Written) -> HandoffRow:
    status = HandoffStatus(handoff.more["status"])
    mine = status == HandoffStatus.PENDING and writer.may_take_over(handoff)
    return HandoffRow(
        handoff=handoff,
        look=NEEDS_HANDOFF if mine else HANDOFF[status],
        phase=HandoffPhase(handoff.more["phase"]).label,
        accept=writer.form(TakeOverForm, "handoff-accept", handoff.id) if mine else None,
        reject=writer.form(RefuseForm, "handoff-reject", handoff.id) if mine else None,
    )


def neighbour_rows(writer: Writer) -> list[NeighbourRow]:
    """Return what the task waits for first, then what has to do with it, then what waits for it."""
    task_id = writer.task.id
    found = (
        TaskDependency.objects.filter(Q(task_id=task_id) | Q(depends_on_id=task_id))
        .select_related("task__project", "depends_on__project")
        .order_by("id")[:MOST_LINES]
    )
    rows = [neighbour_row(writer, dependency) for dependency in found]
    return sorted(rows, key=lambda row: NEIGHBOURS.index(row.words))[:MOST_COMMENTS]


WAITS_FOR, RELATED, WAITED_FOR = NEIGHBOURS = ("waits for", "has to do with", "is waited for by")


def neighbour_row(writer: Writer, dependency: TaskDependency) -> NeighbourRow:
    """A dependency is removed where it was added: on the page of the task that waits."""
    ahead = dependency.task_id == writer.task.id
    other = dependency.depends_on if ahead else dependency.task
    words = RELATED if dependency.kind == DependencyKind.RELATES else WAITS_FOR if ahead else WAITED_FOR
    remove = writer.form(RemoveForm, "dependency-remove", dependency.id) if ahead else None
    return NeighbourRow(dependency, other, words, task_look(other, live_status=None, mine=None), remove)


def journal_rows(rows: Rows) -> list[JournalRow]:
    """Return the newest lines of the work log and the newest commits, as one story."""
    lines = [JournalRow(row, "scroll-text", WorkKind(row.more["kind"]).label) for row in rows.get("work", ())]
    commits = [
        JournalRow(row, "git-commit-horizontal", "Commit" if row.more["hash"] else "Commit to come")
        for row in rows.get("commit", ())
    ]
    return sorted([*lines, *commits], key=attrgetter("written.at"), reverse=True)[:MOST_ROWS]
