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
