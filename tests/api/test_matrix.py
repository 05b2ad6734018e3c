"""Every endpoint as every kind of caller, and with the wrong method. A route without a row in the table fails."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import Resolver404, get_resolver, resolve

from accounts.services import create_token
from accounts.services.tokens import SCOPES
from audit.models import Event
from tests.api.description import faults
from tests.api.scene import Scene
from tests.api.table import CALLERS, ROWS, Row
from tests.world import Client, World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFIX = "api/v1/"


def token_of(caller: str, scene: Scene, other: World) -> str:
    tokens = {"anonymous": "", "agent": scene.world.token, "other": other.tokens["engineer"]}
    return tokens.get(caller) or scene.world.tokens.get(caller, "")


def send(row: Row, scene: Scene, token: str) -> Any:
    body = scene.fill(row.body)
    headers = {name: scene.fill(value) for name, value in row.headers.items()}
    content_type = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    client = Client(token)
    if isinstance(body, bytes):
        target = f"/{PREFIX}{scene.fill(row.path)}"
        return client.generic(row.method, target, body, content_type=content_type, headers=headers)
    return client.send(row.method, scene.fill(row.path), body, **headers)


def events_of(world: World) -> int:
    with world.as_("system"):
        return Event.objects.count()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_caller_gets_the_answer_of_the_table(row: Row, scene: Scene, second_world: World) -> None:
    before = events_of(scene.world), events_of(second_world)
    got = {}
    for caller in CALLERS:
        with transaction.atomic():
            answer = send(row, scene, token_of(caller, scene, second_world))
            got[caller] = answer.status_code
            assert faults(row.method, shape(row.path), answer) == [], caller
            if answer.status_code >= 400:
                check_problem(answer)
                assert (events_of(scene.world), events_of(second_world)) == before, f"{caller} changed something"
            transaction.set_rollback(True)
    assert got == row.expected


def check_problem(answer: Any) -> None:
    """A refusal is a problem document (RFC 9457) with our members."""
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert {"type", "title", "code", "detail", "request_id"} <= set(document)
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"].startswith("Bearer")


def shape(path: str) -> str:
    """Return a path with every variable part as a star."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "*", path.partition("?")[0])


def walk(patterns: Any, prefix: str = "") -> dict[str, set[str]]:
    """Return the routes below /api/v1/ with the methods each allows."""
    found: dict[str, set[str]] = {}
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            found |= walk(pattern.url_patterns, path)
        elif path.startswith(PREFIX):
            found.setdefault(shape(path.removeprefix(PREFIX)), set()).update(methods_of(pattern.callback))
    return found


def methods_of(view: Any) -> set[str]:
    names = view.actions if hasattr(view, "actions") else [name for name in METHODS if hasattr(view.cls, name.lower())]
    return {name.upper() for name in names} & set(METHODS)


ROUTES = walk(get_resolver().url_patterns)


def test_every_route_has_a_row() -> None:
    declared = {(row.method, shape(row.path)) for row in ROWS}
    routed = {(method, path) for path, methods in ROUTES.items() for method in methods}
    assert routed == declared


def reached(path: str) -> str:
    """Return the route that answers an address of a route's own shape."""
    for part in (str(uuid4()), "1"):
        try:
            return shape(resolve(f"/{PREFIX}{path.replace('*', part)}").route.removeprefix(PREFIX))
        except Resolver404:
            continue
    return ""


def test_no_route_hides_another() -> None:
    """`approvals/statistics/` is not the approval of that name."""
    assert {path for path in ROUTES if reached(path) != path} == set()


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_a_wrong_method_is_named(path: str, scene: Scene) -> None:
    world = scene.world
    with world.as_("engineer"):
        token = create_token(user=world.engineer, name="all", scopes=sorted(SCOPES)).secret
    before = events_of(world)
    target = path.replace("*", str(world.project.id))
    for method in sorted(set(METHODS) - ROUTES[path]):
        answer = Client(token).send(method, target, {})
        check_problem(answer)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), method
        assert set(answer["Allow"].split(", ")) & set(METHODS) == ROUTES[path]
    assert events_of(world) == before


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/tasks", "/api/v1/tasks/12/"])
def test_an_unknown_url_is_a_problem_too(path: str, world: World) -> None:
    for token in ("", world.tokens["engineer"]):
        for method in ("GET", "POST"):
            answer = Client(token, enforce_csrf_checks=True).send(method, path)
            check_problem(answer)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
