"""The catalogue of events: the only names that may be recorded, what each carries and who may see it.

An app declares its events in its own `events.py`:

    TASK_CLAIMED = EventType("task.claimed", Action.UPDATE, "task claimed", fields={"attempt": int})

`docs/events.md` is written from this catalogue (`manage.py describe_events`) and a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import models
from django.dispatch import Signal


class Action(models.TextChoices):
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    EXECUTE = "execute"


class Outcome(models.TextChoices):
    SUCCESS = "success"
    FAILURE = "failure"
    PARTIAL = "partial"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Audience(StrEnum):
    """Who may see an event besides auditors and tenant administrators."""

    PROJECT = "project"
    """the members of its project"""
    PERSONAL = "personal"
    """the people it names in `concerns`"""
    ADMINISTRATIVE = "administrative"
    """administrators and managers of the tenant"""


class Severity(StrEnum):
    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"


CONCERNED = ("concerned",)
"""the people an event names in `concerns`"""

events_placed = Signal()
"""`events` of the running tenant have got their positions. Sent by the relay, at least once for each event."""

PAGES: dict[str, str] = {}
"""where a subject is looked at: its type and a path of this site with `{id}`; apps declare theirs"""


class UnknownEventError(LookupError):
    """A programming error: the event is not in the catalogue."""


class EventPayloadError(TypeError):
    """A programming error: the payload is not what the catalogue says."""


CATALOGUE: dict[str, "EventType"] = {}


@dataclass(frozen=True, slots=True)
class EventType:
    """One entry. `sentence` is the human line about it; `fields` are payload names and types (None is allowed)."""

    name: str
    action: Action
    sentence: str
    fields: Mapping[str, type] = field(default_factory=dict)
    audience: Audience = Audience.PROJECT
    severity: Severity = Severity.INFO
    version: int = 1
    aliases: tuple[str, ...] = ()
    """the names of the specifications: an old reader finds its event by them"""
    notifies: tuple[str, ...] = ()
    """groups of people who get a notification: `CONCERNED`, or a word that an app above knows"""
    feed: bool = True
    """whether the activity feed shows it"""
    external: bool = False
    """whether it happens outside: a caller of the API may record it (audit.services.record_external)"""

    def __post_init__(self) -> None:
        if self.name in CATALOGUE:
            raise UnknownEventError(f"{self.name} is in the catalogue already.")
        CATALOGUE[self.name] = self

    def check(self, data: Mapping[str, Any]) -> None:
        """Raise `EventPayloadError` unless `data` has exactly the declared fields with the declared types."""
        if set(data) != set(self.fields):
            raise EventPayloadError(f"{self.name} carries {sorted(self.fields)}, not {sorted(data)}.")
        for name, kind in self.fields.items():
            if data[name] is not None and not isinstance(data[name], kind):
                raise EventPayloadError(f"{self.name}.{name} is a {kind.__name__}, not {type(data[name]).__name__}.")


def event_type(name: str) -> EventType:
    """Return the catalogue's entry; raises `UnknownEventError`."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownEventError(f"{name} is not in the event catalogue; declare it in an events.py.") from None


# --- the log about itself ---------------------------------------------------------------------------------------------
LOG_EPOCH_STARTED = EventType(
    "log.epoch_started",
    Action.CREATE,
    "the log goes on in a new tree",
    {"number": int, "key": str, "previous": str},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.WARNING,
)
LOG_KEY_ROTATED = EventType(
    "log.key_rotated",
    Action.UPDATE,
    "the key that signs the log was changed",
    {"previous_key": str, "key": str},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.WARNING,
)
LOG_VERIFICATION_PASSED = EventType(
    "log.verification_passed",
    Action.EXECUTE,
    "the log was verified",
    {"first": int, "size": int},
    audience=Audience.ADMINISTRATIVE,
)
LOG_VERIFICATION_FAILED = EventType(
    "log.verification_failed",
    Action.EXECUTE,
    "the log is not what was signed",
    {"first": int, "size": int},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.WARNING,
)


def aliases() -> dict[str, str]:
    """Return the catalogue's name of each alias."""
    return {alias: entry.name for entry in CATALOGUE.values() for alias in entry.aliases}


def canonical_name(name: str) -> str:
    """Return the catalogue's name for a name or an alias; an unknown one as it is."""
    return name if name in CATALOGUE else aliases().get(name, name)


# --- outgoing webhooks -----------------------------------------------------------------------------------------------
def of_webhooks(name: str, action: Action, sentence: str, **options: Any) -> EventType:
    return EventType(f"webhook.{name}", action, sentence, audience=Audience.ADMINISTRATIVE, **options)


WEBHOOK_CREATED = of_webhooks("created", Action.CREATE, "webhook created", fields={"event_types": list})
WEBHOOK_UPDATED = of_webhooks("updated", Action.UPDATE, "webhook changed", fields={"changed": list})
WEBHOOK_DELETED = of_webhooks("deleted", Action.DELETE, "webhook deleted")
WEBHOOK_TESTED = of_webhooks("tested", Action.EXECUTE, "webhook tested")
WEBHOOK_SECRET_ROTATED = of_webhooks("secret_rotated", Action.UPDATE, "webhook given a new secret")
WEBHOOK_ENABLED = of_webhooks("enabled", Action.UPDATE, "webhook enabled")
WEBHOOK_DISABLED = of_webhooks(
    "disabled", Action.UPDATE, "webhook disabled", severity=Severity.WARNING, notifies=CONCERNED
)
WEBHOOK_DELIVERY_FAILED = of_webhooks(
    "delivery_failed",
    Action.EXECUTE,
    "webhook delivery given up",
    fields={"event_id": str, "attempts": int},
    severity=Severity.WARNING,
)
WEBHOOK_DELIVERY_RETRIED = of_webhooks(
    "delivery_retried", Action.EXECUTE, "webhook delivery tried again", fields={"event_id": str}
)


# --- what happens outside and is told to us --------------------------------------------------------------------------
def outside(name: str, sentence: str, *alias: str, severity: Severity = Severity.INFO) -> EventType:
    """Declare an event that callers of the API may record, in a shape that forges nothing of ours."""
    fields = {"summary": str, "url": str}
    return EventType(name, Action.EXECUTE, sentence, fields, severity=severity, aliases=alias, external=True)


CODE_REVIEW_STARTED = outside("code_review.started", "code review started", "code_review_started")
CODE_REVIEW_COMPLETED = outside("code_review.completed", "code review completed", "code_review_completed")
TEST_EXECUTED = outside("test.executed", "tests run", "test_executed")
DEPLOYMENT_STARTED = outside("deployment.started", "deployment started", "deployment_started")
DEPLOYMENT_COMPLETED = outside("deployment.completed", "deployment completed", "deployment_completed")
DEPLOYMENT_FAILED = outside("deployment.failed", "deployment failed", "deployment_failed", severity=Severity.WARNING)
SECURITY_ISSUE_DETECTED = outside(
    "security_issue.detected", "security issue found", "security_issue_detected", severity=Severity.WARNING
)
SECURITY_ISSUE_RESOLVED = outside("security_issue.resolved", "security issue resolved", "security_issue_resolved")
DATA_ACCESSED = outside("data.accessed", "data read", "data_accessed")
DATA_MODIFIED = outside("data.modified", "data changed", "data_modified")
DATA_DELETED = outside("data.deleted", "data deleted", "data_deleted")
API_CALLED = outside("api.called", "API called", "api_call")
API_FAILED = outside("api.failed", "API call failed", "api_error", severity=Severity.WARNING)
SYSTEM_FAILED = outside("system.failed", "system error", "system_error", "system.error", severity=Severity.WARNING)
SYSTEM_WARNED = outside("system.warned", "system warning", "system_warning", severity=Severity.NOTICE)
WEBHOOK_RECEIVED = outside("integration.received", "webhook received", "webhook_received")
PR_CREATED = outside("pr.created", "pull request opened")
PR_UPDATED = outside("pr.updated", "pull request changed")
PR_CLOSED = outside("pr.closed", "pull request closed")
ISSUE_CREATED = outside("issue.created", "issue opened")
ISSUE_UPDATED = outside("issue.updated", "issue changed")
ISSUE_CLOSED = outside("issue.closed", "issue closed")
AI_SUGGESTED = outside("ai.suggested", "suggestion made", "ai.suggestion")
AI_ANALYSED = outside("ai.analysis_completed", "analysis completed", "ai.analysis_complete")
WORKFLOW_STARTED = outside("workflow.started", "workflow started")
WORKFLOW_PAUSED = outside("workflow.paused", "workflow paused")
WORKFLOW_RESUMED = outside("workflow.resumed", "workflow resumed", "workflow_resumed")
WORKFLOW_COMPLETED = outside("workflow.completed", "workflow completed")
WORKFLOW_FAILED = outside("workflow.failed", "workflow failed", severity=Severity.NOTICE)
CUSTOM = outside("custom.recorded", "told", "custom")
