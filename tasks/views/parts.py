"""What people and agents write about a task, as its page shows it: each list bounded, each with its forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, Q
from django.urls import reverse

from common.context import Principal
from tasks.forms import (
    BlockerForm,
    CommentForm,
    FileForm,
    LineForm,
    NoForm,
    PartForm,
    RefuseForm,
    ResolveForm,
    TakeOverForm,
    TickForm,
    WorkForm,
)
from tasks.models import (
    Attachment,
    Blocker,
    ChecklistItem,
    Comment,
    CommitRecord,
    Handoff,
    HandoffStatus,
    Task,
    TaskDependency,
    WorkKind,
    WorkLogEntry,
)
from tasks.permissions import is_taker
from tasks.services.blockers import BLOCKABLE
from tasks.views.looks import HANDOFF, NEEDS_HANDOFF, Look, task_look

MOST_COMMENTS, MOST_LINES, MOST_ROWS = 100, 500, 30
Kind = TypeVar("Kind", bound=PartForm)


@dataclass(frozen=True, slots=True)
class Writer:
    """What a viewer may write about a task, and the forms that were just sent and refused, by their names."""

    principal: Principal
    task: Task
    may_write: bool
    may_manage: bool
    sent: Mapping[str, PartForm]

    def form(self, kind: type[Kind], part: str, *rest: Any) -> Any:
        """Return the form of a part: as it was sent, or empty; None where the viewer may not write."""
        if not self.may_write:
            return None
        name = "-".join([part, *(str(piece) for piece in rest)])
        return self.sent.get(name) or kind(name=name, action=address(self.task, part, *rest))

    def may_take_over(self, handoff: Handoff) -> bool:
        """As `can_take_over`, with the rights that are known already."""
        mine = self.may_manage or (self.may_write and is_taker(self.principal, handoff))
        return mine and handoff.from_user_id != self.principal.user_id


def address(task: Task, part: str, *rest: Any) -> str:
    return reverse(f"tasks:task-{part}", args=[task.id, *rest])


@dataclass(frozen=True, slots=True)
class CommentRow:
    comment: Comment
    by: str
    icon: str
    delete: NoForm | None


@dataclass(frozen=True, slots=True)
class LineRow:
    item: ChecklistItem
    by: str
    tick: TickForm | None


@dataclass(frozen=True, slots=True)
class BlockerRow:
    blocker: Blocker
    owner: str
    by: str
    resolve: ResolveForm | None


@dataclass(frozen=True, slots=True)
class FileRow:
    attachment: Attachment
    by: str
    url: str
    delete: NoForm | None


@dataclass(frozen=True, slots=True)
class HandoffRow:
    handoff: Handoff
    look: Look
    giver: str
    taker: str
    accept: TakeOverForm | None
    reject: RefuseForm | None


@dataclass(frozen=True, slots=True)
class NeighbourRow:
    """Another task: one that this waits for, or one that waits for this."""

    dependency: TaskDependency
    other: Task
    words: str
    look: Look


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A line of the work log, or a commit."""

    at: datetime
    icon: str
    kind: str
    text: str
    hash: str
    branch: str
    by: str


def parts_of(writer: Writer) -> dict[str, Any]:
    """Return all that the page's lists of written things show."""
    task = writer.task
    blockers, lines = blocker_rows(writer), line_rows(writer)
    return {
        "comments": comment_rows(writer),
        "most_comments": MOST_COMMENTS,
        "comment_form": writer.form(CommentForm, "comment"),
        "checklist": lines,
        "ticked": sum(row.item.done for row in lines),
        "line_form": writer.form(LineForm, "line"),
        "blockers": [row for row in blockers if not row.blocker.resolved_at],
        "resolved": [row for row in blockers if row.blocker.resolved_at],
        "blocker_form": writer.form(BlockerForm, "blocker") if task.status in BLOCKABLE else None,
        "files": file_rows(writer),
        "file_form": writer.form(FileForm, "file"),
        "handoffs": handoff_rows(writer),
        "neighbours": neighbour_rows(task.id),
        "journal": journal_rows(task.id),
        "work_form": writer.form(WorkForm, "work"),
    }


def comment_rows(writer: Writer) -> list[CommentRow]:
    """Return the newest comments in the order in which they were written."""
    found = Comment.objects.filter(task_id=writer.task.id).select_related("author", "agent")
    return [comment_row(writer, comment) for comment in reversed(found.order_by("-id")[:MOST_COMMENTS])]


def comment_row(writer: Writer, comment: Comment) -> CommentRow:
    own = comment.author_id == writer.principal.user_id
    return CommentRow(
        comment=comment,
        by=str(comment.author or comment.agent),
        icon="user" if comment.author else "bot",
        delete=writer.form(NoForm, "comment-delete", comment.id) if own or writer.may_manage else None,
    )


def line_rows(writer: Writer) -> list[LineRow]:
    found = ChecklistItem.objects.filter(task_id=writer.task.id).select_related("done_by_user", "done_by_agent")
    return [
        LineRow(
            item=item,
            by=str(item.done_by_user or item.done_by_agent or ""),
            tick=writer.form(TickForm, "line-tick", item.id),
        )
        for item in found.order_by("ordinal")[:MOST_LINES]
    ]


def blocker_rows(writer: Writer) -> list[BlockerRow]:
    """Return the open ones, then those that were resolved last."""
    found = (
        Blocker.objects.filter(task_id=writer.task.id)
        .select_related("owner", "owner_agent", "resolved_by", "resolved_by_agent")
        .order_by(F("resolved_at").desc(nulls_first=True), "id")
    )
    return [
        BlockerRow(
            blocker=blocker,
            owner=str(blocker.owner or blocker.owner_agent or ""),
            by=str(blocker.resolved_by or blocker.resolved_by_agent or ""),
            resolve=None if blocker.resolved_at else writer.form(ResolveForm, "blocker-resolve", blocker.id),
        )
        for blocker in found[:MOST_ROWS]
    ]


def file_rows(writer: Writer) -> list[FileRow]:
    found = Attachment.objects.filter(task_id=writer.task.id).select_related("uploaded_by", "agent").order_by("-id")
    return [file_row(writer, attachment) for attachment in found[:MOST_COMMENTS]]


def file_row(writer: Writer, attachment: Attachment) -> FileRow:
    own = attachment.uploaded_by_id == writer.principal.user_id
    removable = not attachment.is_evidence and (own or writer.may_manage)
    return FileRow(
        attachment=attachment,
        by=str(attachment.uploaded_by or attachment.agent),
        url=address(writer.task, "file-content", attachment.id),
        delete=writer.form(NoForm, "file-delete", attachment.id) if removable else None,
    )


def handoff_rows(writer: Writer) -> list[HandoffRow]:
    found = (
        Handoff.objects.filter(task_id=writer.task.id)
        .exclude(status=HandoffStatus.DRAFT)
        .select_related("from_user", "from_agent", "to_user", "to_agent")
        .order_by("-id")
    )
    return [handoff_row(writer, handoff) for handoff in found[:MOST_ROWS]]


def handoff_row(writer: Writer, handoff: Handoff) -> HandoffRow:
    mine = handoff.status == HandoffStatus.PENDING and writer.may_take_over(handoff)
    return HandoffRow(
        handoff=handoff,
        look=NEEDS_HANDOFF if mine else HANDOFF[HandoffStatus(handoff.status)],
        giver=str(handoff.from_user or handoff.from_agent),
        taker=str(handoff.to_user or handoff.to_agent),
        accept=writer.form(TakeOverForm, "handoff-accept", handoff.id) if mine else None,
        reject=writer.form(RefuseForm, "handoff-reject", handoff.id) if mine else None,
    )


def neighbour_rows(task_id: UUID) -> list[NeighbourRow]:
    """Return what the task waits for first, then what has to do with it, then what waits for it."""
    found = (
        TaskDependency.objects.filter(Q(task_id=task_id) | Q(depends_on_id=task_id))
        .select_related("task__project", "depends_on__project")
        .order_by("id")[:MOST_LINES]
    )
    rows = [neighbour_row(task_id, dependency) for dependency in found]
    return sorted(rows, key=lambda row: NEIGHBOURS.index(row.words))[:MOST_COMMENTS]


WAITS_FOR, RELATED, WAITED_FOR = NEIGHBOURS = ("waits for", "has to do with", "is waited for by")


def neighbour_row(task_id: UUID, dependency: TaskDependency) -> NeighbourRow:
    ahead = dependency.task_id == task_id
    other = dependency.depends_on if ahead else dependency.task
    words = RELATED if dependency.kind == "relates" else WAITS_FOR if ahead else WAITED_FOR
    return NeighbourRow(dependency, other, words, task_look(other, live_status=None, mine=None))


def journal_rows(task_id: UUID) -> list[JournalRow]:
    """Return the newest lines of the work log and the newest commits, as one story."""
    lines = WorkLogEntry.objects.filter(task_id=task_id).select_related("user", "agent").order_by("-at", "-id")
    commits = CommitRecord.objects.filter(task_id=task_id).select_related("user", "agent").order_by("-id")
    rows: Sequence[JournalRow] = [
        *(line_of(entry) for entry in lines[:MOST_ROWS]),
        *(commit_of(commit) for commit in commits[:MOST_ROWS]),
    ]
    return sorted(rows, key=attrgetter("at"), reverse=True)[:MOST_ROWS]


def line_of(entry: WorkLogEntry) -> JournalRow:
    by = str(entry.user or entry.agent)
    return JournalRow(entry.at, "scroll-text", WorkKind(entry.kind).label, entry.text, "", "", by)


def commit_of(commit: CommitRecord) -> JournalRow:
    kind = "Commit" if commit.hash else "Commit to come"
    at = commit.committed_at or commit.created_at
    by = str(commit.user or commit.agent)
    return JournalRow(at, "git-commit-horizontal", kind, commit.message, commit.hash or "", commit.branch, by)
