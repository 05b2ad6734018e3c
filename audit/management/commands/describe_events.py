"""`manage.py describe_events`: the event catalogue as docs/events.md."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.events import CATALOGUE, EventType

HEADER = """# Events

Every change is recorded as one of these. This page is written by `manage.py describe_events > docs/events.md` from the
catalogue in the apps' `events.py`; a test compares the two.

*Audience* says who sees an event besides administrators and auditors: **project** its members, **personal** the people
it concerns, **administrative** nobody else.

| event | v | action | audience | severity | payload | also known as |
|---|---|---|---|---|---|---|
"""


def row(entry: EventType) -> str:
    payload = ", ".join(f"`{name}` {kind.__name__}" for name, kind in entry.fields.items()) or "-"
    cells = (
        f"`{entry.name}`",
        str(entry.version),
        entry.action.value,
        entry.audience.value,
        entry.severity.value,
        payload,
        ", ".join(f"`{alias}`" for alias in entry.aliases) or "-",
    )
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """Return docs/events.md as it should be."""
    return HEADER + "\n".join(row(CATALOGUE[name]) for name in sorted(CATALOGUE)) + "\n"


class Command(BaseCommand):
    help = "Print the event catalogue as a Markdown page."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
