"""No secret that is made here is ever in a log line, a span, an event, an answer to a wrong request, or a letter (but
for a letter's own link). The search is shown to find one.
"""

import json
import logging
import secrets as random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.forms.models import model_to_dict
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import User
from accounts.services import (
    begin_totp,
    confirm_totp,
    create_token,
    issue_link,
    remove_totp,
    rotate_token,
    send_reset,
    set_password,
)
from accounts.services.factors import code_at
from accounts.services.sign_in import passage_of
from accounts.services.tickets import issue_ticket
from audit.models import Event
from common.redis import get_redis_client
from tests.canaries import leaked
from tests.world import Client, World


class Lines(logging.Handler):
    """Keeps all of each log record: message, arguments, extra fields, traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = {name: value for name, value in vars(record).items() if name != "exc_info"}
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.kept.append(f"{record.getMessage()} {told} {trace}")


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    # The client library of a server prints what it sends to it at this level; it is no log of ours.
    before, root.level = root.level, logging.INFO
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def minted(world: World) -> list[str]:
    """Make one of each kind of secret, through the services."""
    with world.as_("viewer"):
        issued = create_token(user=world.viewer, name="canary", scopes=["read"])
        rotated = rotate_token(token=issued.token)
        remove_totp(user=world.viewer)
        enrolment = begin_totp(user=world.viewer)
        get_redis_client().connection.flushdb()  # the limit on guesses is not what this is about
        codes = confirm_totp(user=world.viewer, code=code_at(enrolment.secret, timezone.now()))
        password = random.token_urlsafe(24)
        user = set_password(user=world.viewer, password=password)
        link = issue_link(user=user, purpose="reset").code
        passage, ticket = passage_of(user, "password"), issue_ticket(principal=user.principal())
    return [issued.secret, rotated.secret, enrolment.secret, *codes, password, link, passage, ticket]


def said_when_used(world: World, found: list[str]) -> str:
    """Use secrets rightly and wrongly, as clients do; return what the answers said."""
    token, live, _, code, *_, password, link, passage, ticket = found
    browser = Browser(raise_request_exception=False)
    form = {"password": "short", "again": "short"}
    answers = [
        Client(token).send("GET", "me/"),
        Client(live + "x").send("GET", "me/"),
        Client(live).send("POST", "tokens/", {"name": password}),
        Client().send("GET", "me/", Authorization=f"Basic {password}"),
        Client().send("GET", f"no/such/{random.token_hex(4)}/", Cookie=f"cm_session={ticket}"),
        browser.post("/sign-in/", {"email": world.viewer.email, "password": password + "x"}),
        browser.post("/sign-in/second/", {"passage": passage + "x", "code": code}),
    ]
    browser.post("/link/", {"code": link, **form})  # the form keeps its own code, for the next try
    return " ".join(answer.content.decode() for answer in answers)


def recorded(world: World) -> str:
    with world.as_("system"):
        return " ".join(json.dumps(model_to_dict(event), default=str) + event.body for event in Event.objects.all())


@pytest.mark.parametrize("rounds", [10, pytest.param(600, marks=pytest.mark.system)])
def test_no_secret_is_ever_told(world: World, lines: Lines, spans: Callable[[], list[Any]], rounds: int) -> None:
    secrets: list[str] = []
    said: list[str] = []
    for number in range(rounds):
        found = minted(world)
        secrets += found
        if number % 10 < 2:
            said.append(said_when_used(world, found))
        send_reset(email=world.viewer.email)
    letters = [letter.body.rpartition("#")[0] + letter.subject for letter in mail.outbox]
    assert len(letters) == rounds
    traced = [span.to_json() for span in spans()]
    assert traced
    everything = "\n".join([*said, *lines.kept, *traced, *letters, recorded(world)])
    assert len(secrets) == 17 * rounds
    assert not leaked(everything, secrets)
    with world.as_("system"):
        stored = " ".join(str(model_to_dict(user)) for user in User.objects.all())
    assert not leaked(stored, secrets)


def test_the_search_finds_a_secret_inside_other_words() -> None:
    secret: Any = random.token_urlsafe(32)
    assert leaked(f"a long line with token={secret}; and more", [secret, random.token_urlsafe(32)])
    assert not leaked("a long line without any", [secret])
