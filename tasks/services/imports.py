"""Work from outside: GitHub issues, as its REST API lists them or as `issues` webhooks carry them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from common.errors import DomainError, Invalid
from projects.models import Project
from tasks import events
from tasks.models import Resolution, Task, TaskKind, TaskStatus, TaskType
from tasks.services.base import lock_task
from tasks.services.editing import create_task, update_task
from tasks.services.work_items import close, move

MAX_TITLE = 500
MAX_NUMBER = 2**31 - 1
CLOSED_THERE = "Closed on GitHub"
TYPE_OF_LABEL = {
    "bug": TaskType.BUG,
    "enhancement": TaskType.FEATURE,
    "feature": TaskType.FEATURE,
    "documentation": TaskType.DOCUMENTATION,
    "docs": TaskType.DOCUMENTATION,
    "test": TaskType.TEST,
    "tests": TaskType.TEST,
    "refactor": TaskType.REFACTOR,
    "chore": TaskType.CHORE,
}


@dataclass(slots=True)
class ImportResult:
    """What an import did; `errors` has one line per entry that was not taken."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[str] = field(default_factory=list)


def issues_in(document: Any) -> Iterator[Any]:
    """Yield the issues of a document: a list of issues, a webhook payload, or examples of payloads, nested or not.

    What only looks like an issue is yielded too, so that it is named instead of passed over; payloads of other webhooks
    are not.
    """
    if isinstance(document, list):
        for entry in document:
            yield from issues_in(entry)
    elif not isinstance(document, dict):
        yield document
    elif isinstance(document.get("issue"), dict):
        yield document["issue"] | {"_action": document.get("action")}
    elif isinstance(document.get("examples"), list):
        yield from issues_in(document["examples"])
    elif "issue" in document or "title" in document or ("number" in document and "action" not in document):
        yield document


def import_issues(*, project: Project, document: Any) -> ImportResult:
    """Create or update one task per issue; the issue's number is its identity in the project, so repeating is safe.

    Raises `Invalid` where the document holds no issue at all.
    """
    result = ImportResult()
    found = False
    for position, issue in enumerate(issues_in(document), start=1):
        found = True
        try:
            with transaction.atomic():
                outcome = import_issue(project, issue)
        except DomainError as error:
            number = issue.get("number") if isinstance(issue, dict) else None
            result.errors.append(f"entry {position}{f' (#{number})' if number else ''}: {error.detail}")
        else:
            setattr(result, outcome, getattr(result, outcome) + 1)
    if not found:
        raise Invalid("No GitHub issue in this document: a list of issues or `issues` webhook payloads is expected.")
    return result


def import_issue(project: Project, issue: Any) -> str:
    """Take one issue; return `created`, `updated` or `unchanged`. Raises `Invalid` where it is malformed."""
    if not isinstance(issue, dict):
        raise Invalid(f"An issue is a JSON object, this is a {type(issue).__name__}.")
    values = task_values(issue)
    existing = (
        Task.objects.select_related("project").filter(project=project, github_issue_number=issue["number"]).first()
    )
    if existing is None:
        kind = TaskKind.PULL_REQUEST if issue.get("pull_request") else TaskKind.ISSUE
        existing = create_task(
            project=project,
            kind=kind,
            status=TaskStatus.DRAFT,
            github_issue_number=issue["number"],
            github_url=clean(str(issue.get("html_url") or ""))[:500],
            **values,
        )
        follow_state(existing, issue)
        return "created"
    before = existing.updated_at
    if existing.status != TaskStatus.CLOSED:
        update_task(task=existing, reason="GitHub import", **values)
    follow_state(existing, issue)
    existing.refresh_from_db()
    return "unchanged" if existing.updated_at == before else "updated"


def task_values(issue: dict[str, Any]) -> dict[str, Any]:
    number, title = issue.get("number"), issue.get("title")
    words = clean(title).strip() if isinstance(title, str) else ""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= MAX_NUMBER or not words:
        raise Invalid("An issue needs a positive number and a title.")
    labels = label_names(issue)
    known = [TYPE_OF_LABEL[label.lower()] for label in labels if label.lower() in TYPE_OF_LABEL]
    return {
        "title": words[:MAX_TITLE],
        "description": clean(str(issue.get("body") or "")),
        "labels": labels,
        "type": known[0] if known else TaskType.TASK,
    }


def label_names(issue: dict[str, Any]) -> list[str]:
    """Return the names of an issue's labels: objects in GitHub's answers, plain words in some exports."""
    labels = issue.get("labels") or []
    entries = labels if isinstance(labels, list) else [labels]
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in entries]
    words = [name for name in names if isinstance(name, str)]
    if len(words) < len(names):
        raise Invalid("Labels are names, or objects with a name.")
    return [clean(word)[:100] for word in words]


def clean(text: str) -> str:
    """Drop what PostgreSQL cannot store; the rest stays as it was written."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


RESOLUTION_OF_REASON = {"not_planned": Resolution.WONT_FIX, "duplicate": Resolution.DUPLICATE}


def follow_state(task: Task, issue: dict[str, Any]) -> None:
    """Follow GitHub's open and closed. An imported task stays a draft until a person opens it for agents.

    What was closed here (done, or cancelled by a person) stays closed, whatever GitHub says.
    """
    closed = issue.get("state") == "closed" or issue.get("_action") in {"closed", "deleted"}
    if closed and task.status == TaskStatus.DRAFT:
        resolution = RESOLUTION_OF_REASON.get(str(issue.get("state_reason")), Resolution.COMPLETED)
        close(lock_task(task.id), resolution, reason=CLOSED_THERE)
    elif not closed and task.status == TaskStatus.CLOSED and task.status_reason == CLOSED_THERE:
        move(
            lock_task(task.id),
            TaskStatus.DRAFT,
            events.TASK_REOPENED,
            reason="Reopened on GitHub",
            resolution=None,
            closed_at=None,
        )
