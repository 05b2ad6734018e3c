"""The catalogue and its page."""

import re
from pathlib import Path

import pytest

from audit.events import CATALOGUE, Audience, EventType, UnknownEventError, event_type
from audit.log.relay import TOLD
from audit.management.commands.describe_events import page

PAST = ("ed", "set", "out", "made", "drawn", "lost", "given")
# What the specification names so, and what goes on instead of having happened.
STATES = {"budget.warning", "task.waiting"}
ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "events.md").read_text() == page(), "run: manage.py describe_events > docs/events.md"


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_an_entry_is_named_in_the_past_tense_and_says_what_happened(entry: EventType) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", entry.name)
    words = entry.name.partition(".")[2].split("_")
    assert entry.name in STATES or any(word.endswith(PAST) for word in words)
    assert entry.sentence
    assert set(entry.fields.values()) <= {str, int, bool, list, dict}
    assert entry.audience in Audience


def test_names_and_aliases_do_not_collide() -> None:
    aliases = [alias for entry in CATALOGUE.values() for alias in entry.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(CATALOGUE)


def test_the_console_speaks_of_known_events_only() -> None:
    assert set(CATALOGUE) >= TOLD


def test_an_unknown_name_is_an_error() -> None:
    assert event_type("task.claimed").name == "task.claimed"
    with pytest.raises(UnknownEventError):
        event_type("task.vanished")


def test_every_alias_says_where_it_comes_from() -> None:
    """Names of both specifications live on as aliases, so an old reader finds its event."""
    assert {"task_created", "hitl_request_created", "evidence_added"} <= {
        alias for entry in CATALOGUE.values() for alias in entry.aliases
    }
