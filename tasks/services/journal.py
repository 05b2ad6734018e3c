"""What was done, and what changed in the repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from audit.services import Subject, record
from common.context import Principal
from common.duplicates import refusing_duplicates
from common.errors import Conflict, Invalid
from projects.models import Phase, Project
from tasks import events
from tasks.models import Change, CommitRecord, FileChange, FileStatus, Task, WorkKind, WorkLogEntry
from tasks.services.actors import acted_by

# A file is planned, then done, then reviewed; what a review finds sends it back to planned.
FILE_MOVES = {
    FileStatus.PLANNED: {FileStatus.DONE},
    FileStatus.DONE: {FileStatus.REVIEWED, FileStatus.PLANNED},
    FileStatus.REVIEWED: {FileStatus.PLANNED},
}


def journal_subject(row: WorkLogEntry | CommitRecord | FileChange, kind: str, label: str) -> Subject:
    return Subject(type=kind, id=row.id, label=label, project_id=row.project_id, task_id=row.task_id)


def place_of(project: Project | None, task: Task | None, phase: Phase | None = None) -> dict[str, Any]:
    """Return where a row belongs. Raises `Invalid` where project, phase and task do not go together."""
    home = task.project_id if task else project.id if project else None
    if home is None or (project and project.id != home):
        raise Invalid("Name the task, or the project.", errors={"project": ["Not the project of the task."]})
    if phase and phase.plan.project_id != home:
        raise Invalid("The phase is of another project.", errors={"phase": ["Not of this project."]})
    return {"project_id": home, "task": task}


@transaction.atomic
def log_work(
    *,
    principal: Principal,
    text: str,
    kind: str = WorkKind.NOTE,
    project: Project | None = None,
    phase: Phase | None = None,
    task: Task | None = None,
    at: datetime | None = None,
) -> WorkLogEntry:
    """Add a line to the work log. It is never changed: what turns out wrong is put right by another line.

    Raises `Invalid` where project, phase and task do not go together, or for a time to come.
    """
    if at and at > timezone.now():
        raise Invalid("A line is about what was done.", errors={"at": ["That is still to come."]})
    place = place_of(project, task, phase)
    when = {"at": at} if at else {}
    entry = WorkLogEntry.objects.create(phase=phase, kind=kind, text=text, **when, **place, **acted_by(principal))
    entry.refresh_from_db()
    record(events.WORK_LOGGED, journal_subject(entry, "work_log_entry", entry.text[:200]), kind=str(kind))
    return entry


@transaction.atomic
def record_commit(
    *,
    principal: Principal,
    message: str,
    project: Project | None = None,
    task: Task | None = None,
    further_task_ids: Sequence[UUID] = (),
    hash: str | None = None,  # the field's name in the API
    branch: str = "",
    committed_at: datetime | None = None,
) -> CommitRecord:
    """Note a commit; without a hash, one that is still to be made.

    Raises `Invalid` for tasks of another project, `Conflict` where the commit is known.
    """
    place = place_of(project, task)
    known = Task.objects.filter(id__in=further_task_ids, project_id=place["project_id"]).count()
    if known != len(set(further_task_ids)):
        raise Invalid("Name tasks of this project.", errors={"further_task_ids": ["Not tasks of this project."]})
    with refusing_duplicates("The commit is known already.", code="commit_known"):
        commit = CommitRecord.objects.create(
            message=message,
            hash=hash,
            branch=branch,
            committed_at=(committed_at or timezone.now()) if hash else None,
            further_task_ids=list(further_task_ids),
            **place,
            **acted_by(principal),
        )
    record(events.COMMIT_RECORDED, commit_subject(commit), hash=hash)
    return commit


def commit_subject(commit: CommitRecord) -> Subject:
    return journal_subject(commit, "commit", str(commit))


@transaction.atomic
def settle_commit(*, commit: CommitRecord, hash: str, committed_at: datetime | None = None) -> CommitRecord:
    """Give a pending commit its hash. Raises `Conflict` where it has one, or another commit has this one."""
    with refusing_duplicates("The commit is known already.", code="commit_known"):
        pending = CommitRecord.objects.filter(id=commit.id, hash=None)
        settled = pending.update(hash=hash, committed_at=committed_at or timezone.now())
    if not settled:
        raise Conflict("The commit has its hash.", code="commit_settled")
    commit.refresh_from_db()
    record(events.COMMIT_RECORDED, commit_subject(commit), hash=hash)
    return commit


@transaction.atomic
def record_file_change(
    *,
    principal: Principal,
    path: str,
    change: str,
    project: Project | None = None,
    task: Task | None = None,
    commit: CommitRecord | None = None,
    copied_from: str = "",
    status: str = FileStatus.DONE,
    lines_added: int = 0,
    lines_deleted: int = 0,
) -> FileChange:
    """Note a file that changed, or is to. The task's counts of files and lines follow.

    Raises `Invalid` for a commit of another project or a copy from nowhere, `Conflict` for a second change of the file
    in one commit.
    """
    place = place_of(project, task)
    if commit and commit.project_id != place["project_id"]:
        raise Invalid("The commit is of another project.", errors={"commit": ["Not of this project."]})
    if (change == Change.COPIED) != bool(copied_from):
        raise Invalid("Say where a copy is from.", errors={"copied_from": ["For a copy, and only for one."]})
    with refusing_duplicates("The commit names this file already.", code="file_known"):
        row = FileChange.objects.create(
            path=path,
            change=change,
            commit=commit,
            copied_from=copied_from,
            status=status,
            lines_added=lines_added,
            lines_deleted=lines_deleted,
            **place,
            **acted_by(principal),
        )
    count_files(task)
    record(events.FILE_CHANGED, file_subject(row), change=str(change), status=str(status))
    return row


def file_subject(row: FileChange) -> Subject:
    return journal_subject(row, "file_change", row.path)


def count_files(task: Task | None) -> None:
    """Write a task's counts anew from its files that are more than planned."""
    if task is None:
        return
    done = FileChange.objects.filter(task_id=task.id).exclude(status=FileStatus.PLANNED)
    counts = done.aggregate(
        files_changed=Count("path", distinct=True), lines_added=Sum("lines_added"), lines_deleted=Sum("lines_deleted")
    )
    Task.objects.filter(id=task.id).update(**{name: count or 0 for name, count in counts.items()})


@transaction.atomic
def move_file(*, file: FileChange, status: str) -> FileChange:
    """Say that a planned file is done, a done one reviewed, or that it has to be done again. `Conflict` otherwise."""
    before = [state for state, after in FILE_MOVES.items() if status in after]
    if not FileChange.objects.filter(id=file.id, status__in=before).update(status=status):
        raise Conflict(f"A file that is {file.status} does not become {status}.", code="file_state")
    file.refresh_from_db()
    count_files(file.task)
    record(events.FILE_CHANGED, file_subject(file), change=file.change, status=str(status))
    return file
