"""Bad input to every endpoint that takes any: a problem that names it, and nothing has changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.urls import resolve

from tests.api.scene import Scene
from tests.api.table import CALLERS, ROWS, WRONG_FIELDS, Row
from tests.api.test_matrix import check_problem, events_of
from tests.sizes import short_and_long
from tests.world import Client

TAKING_JSON = [row for row in ROWS if isinstance(row.body, dict)]
Send = Callable[..., Any]
EVERY = short_and_long(5, 1)
"""how many of the endpoints are asked: every fifth, or every one"""


@pytest.fixture
def send(scene: Scene) -> Send:
    """Send a raw body to a row's endpoint as somebody whom it would serve; undo what it did."""

    def sender(row: Row, raw: bytes, content_type: str = "application/json") -> Any:
        caller = next(name for name in CALLERS if row.expected[name] < 300)
        token = scene.world.token if caller == "agent" else scene.world.tokens[caller]
        headers = {name: scene.fill(value) for name, value in row.headers.items()}
        before = events_of(scene.world)
        with transaction.atomic():
            target = f"/api/v1/{scene.fill(row.path)}"
            answer = Client(token).generic(row.method, target, raw, content_type=content_type, headers=headers)
            assert events_of(scene.world) == before, f"{row.name} changed something"
            transaction.set_rollback(True)
        check_problem(answer)
        return answer

    return sender


BAD_BODIES: list[tuple[str, bytes, str, int, str]] = [
    ("malformed", b'{"a": ', "application/json", 400, "malformed_body"),
    ("not UTF-8", b'{"a": "\xff"}', "application/json", 400, "malformed_body"),
    ("NaN", b'{"a": NaN}', "application/json", 400, "malformed_body"),
    ("lone surrogate", b'{"a": "\\ud800"}', "application/json", 400, "malformed_body"),
    ("NUL", b'{"a": "x\\u0000y"}', "application/json", 400, "malformed_body"),
    ("NUL in a name", b'{"a\\u0000": 1}', "application/json", 400, "malformed_body"),
    ("too deep", b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json", 400, "malformed_body"),
    ("form", b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ("multipart", b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
    ("text", b"{}", "text/plain", 415, "unsupported_media_type"),
    ("a list", b"[]", "application/json", 422, "invalid"),
    ("a string", b'"x"', "application/json", 422, "invalid"),
    ("null", b"null", "application/json", 422, "invalid"),
    ("an unknown field", b'{"surplus": 1}', "application/json", 422, "invalid"),
]


@pytest.mark.parametrize(("raw", "content_type", "status", "code"), [bad[1:] for bad in BAD_BODIES], ids=[
    bad[0] for bad in BAD_BODIES
])  # fmt: skip
@pytest.mark.parametrize("every", EVERY)
def test_a_bad_body_is_refused_by_every_endpoint(
    send: Send, raw: bytes, content_type: str, status: int, code: str, every: int
) -> None:
    first = [bad[1] for bad in BAD_BODIES].index(raw) % every  # each body to other endpoints, so each gets several
    answers = {row.name: send(row, raw, content_type) for row in TAKING_JSON[first::every]}
    assert {(answer.status_code, answer.json()["code"]) for answer in answers.values()} == {(status, code)}
    if b"surplus" in raw:
        assert all(answer.json()["errors"]["surplus"] == ["Unknown field."] for answer in answers.values())


@pytest.mark.parametrize("every", EVERY)
def test_an_oversize_body_is_refused_by_every_endpoint(send: Send, scene: Scene, every: int) -> None:
    for row in TAKING_JSON[::every]:
        view: Any = resolve(f"/api/v1/{scene.fill(row.path).partition('?')[0]}").func
        limit = view.cls.max_body
        answer = send(row, b" " * (limit + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large"), row.name


def test_a_wrong_value_is_refused_and_named(send: Send, scene: Scene) -> None:
    rows = {row.name: row for row in ROWS}
    found = {}
    for name, change, _ in WRONG_FIELDS:
        raw = json.dumps(scene.fill(rows[name].body | change)).encode()
        answer = send(rows[name], raw)
        found[f"{name} {str(change)[:80]}"] = (answer.status_code, sorted(answer.json().get("errors", [])))
    assert found == {f"{name} {str(change)[:80]}": (422, [field]) for name, change, field in WRONG_FIELDS}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=nope", "status"),
        ("status=open&status=nope", "status"),
        ("status=", "status"),
        ("project=12", "project"),
        ("project=%00", "project"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=%D9%A1", "limit"),
        ("cursor=zzz", "cursor"),
        ("cursor=%FF", "cursor"),
        ("cursor=cD14", "cursor"),
        ("cursor=W10", "cursor"),  # []
        ("cursor=WyItaWQiLGZhbHNlLCJ4Il0", "cursor"),  # ["-id",false,"x"]
        ("cursor=WyItaWQiLGZhbHNlLDFd", "cursor"),  # ["-id",false,1]
        ("ordering=created_at&cursor=WyItaWQiLGZhbHNlLCJ4Il0", "cursor"),
        ("ordering=title", "ordering"),
        ("ordering=--id", "ordering"),
        ("nope=1", "nope"),
    ],
)
def test_a_wrong_query_is_refused_and_named(scene: Scene, query: str, named: str) -> None:
    answer = Client(scene.world.tokens["engineer"]).send("GET", f"tasks/?{query}")
    check_problem(answer)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [named])


@pytest.mark.parametrize("query", ["", "?offset=-1", "?offset=x", "?offset=1&surplus=1", f"?offset={2**63}"])
def test_a_log_needs_an_offset(scene: Scene, query: str) -> None:
    target = f"/api/v1/executions/{scene.names['execution']}/log/{query}"
    headers = {"Lease-Token": scene.names["lease"]}
    client = Client(scene.world.token)
    answer = client.generic("POST", target, b"x", content_type="application/octet-stream", headers=headers)
    check_problem(answer)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer cmk_", "Basic dTpw", "cmk_x", "Bearer \xff\xfe", "Bearer " + "cmk_u" + "x" * 5000],
)
def test_a_credential_that_is_none_is_refused(db: None, header: str) -> None:
    answer = Client().generic("GET", "/api/v1/me/", headers={"Authorization": header})
    check_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
