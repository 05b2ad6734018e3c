"""The admin, as a signed-in person uses it."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests.world import PASSWORD

# One tenant context, one principal, one user, one list with its timeout, savepoints around: the budget of ui.md §5.7.
MOST_QUERIES = 14


def signed_in(user: User, password: str = PASSWORD) -> Client:
    """Return a browser that signed in through the page."""
    client = Client()
    answer = client.post(reverse("accounts:sign-in"), {"email": user.email, "password": password})
    assert answer.status_code == 302, answer.status_code
    return client


@dataclass(frozen=True, slots=True)
class AdminPages:
    """The admin pages of one model."""

    client: Client
    model: str

    def address(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self.model}_{page}", args=args)

    def list(self, query: str = "") -> Any:
        return self.client.get(f"{self.address('changelist')}{query}")

    def show(self, pk: Any) -> Any:
        return self.client.get(self.address("change", pk))

    def add(self, **values: Any) -> Any:
        return self.client.post(self.address("add"), {"reason": "because"} | values)

    def change(self, pk: Any, **values: Any) -> Any:
        return self.client.post(self.address("change", pk), {"reason": "because"} | values)

    def run(self, action: str, *pks: Any, reason: str = "because") -> Any:
        """Run an action of the change list: choose, give a reason, follow to the list."""
        chosen = {"action": action, "_selected_action": [str(pk) for pk in pks]}
        asked = self.client.post(self.address("changelist"), chosen | {"index": "0"})
        assert asked.status_code == 200, asked.status_code
        assert b'name="reason"' in asked.content
        return self.client.post(
            self.address("changelist"), chosen | {"confirmed": "yes", "reason": reason}, follow=True
        )


def statements_of(pages: AdminPages, query: str = "") -> list[str]:
    """Return the SQL of one change list."""
    pages.list(query)
    with CaptureQueriesContext(connection) as captured:
        assert pages.list(query).status_code == 200
    return [entry["sql"] for entry in captured.captured_queries]


def assert_cheap(pages: AdminPages) -> None:
    """A change list asks a fixed number of questions and counts nothing."""
    statements = statements_of(pages)
    assert len(statements) <= MOST_QUERIES, "\n".join(statements)
    assert not [sql for sql in statements if re.search(r"COUNT\(\*\)", sql, re.I)]
    assert not [sql for sql in statements if re.search(r"OFFSET", sql)]


def shown_rows(answer: Any) -> list[Any]:
    """Return the objects that a change list shows, in its order."""
    return list(answer.context["cl"].result_list)


def told(answer: Any) -> str:
    """Return what the messages of an answer say."""
    return " ".join(str(message) for message in answer.context["messages"])
