"""The base of upload endpoints, inside this process: raw bodies and forms, digests, names, retries."""

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as DjangoClient
from django.test import override_settings

from accounts.sessions import SessionStore
from common.tests.files import png
from tests.world import World

pytestmark = pytest.mark.urls("common.tests.upload_urls")
URL = "/api/v1/things/"


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        yield tmp_path


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def post(world: World, content: Any, content_type: str = "image/png", query: str = "", **headers: str) -> Any:
    token = headers.pop("token", world.tokens["engineer"])
    return DjangoClient().generic(
        "POST", URL + query, content, content_type, headers={"Authorization": f"Bearer {token}"} | headers
    )


def form(world: World, **members: Any) -> Any:
    return DjangoClient().post(URL, members, headers={"Authorization": f"Bearer {world.tokens['engineer']}"})


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def code(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_a_raw_body_is_stored(world: World, root: Path) -> None:
    answer = post(world, png(), query="?file_name=a/b/photo.png", **{"Content-Digest": digest(png())})
    assert answer.status_code == 201
    assert answer.json() == {
        "sha256": hashlib.sha256(png()).hexdigest(),
        "size": len(png()),
        "media_type": "image/png",
        "key": answer.json()["key"],
        "file_name": "photo.png",
    }
    assert answer.json()["key"].startswith(f"things/{world.tenant.id}/")
    assert [path.relative_to(root).as_posix() for path in files_below(root)] == [answer.json()["key"]]


def test_the_name_may_come_in_content_disposition(world: World) -> None:
    named = {"Content-Disposition": "attachment; filename*=UTF-8''%C3%9Cbersicht.png"}
    assert post(world, png(), **named).json()["file_name"] == "Übersicht.png"


def test_a_form_is_stored_as_it_comes(world: World, root: Path) -> None:
    answer = form(world, note="x", file=SimpleUploadedFile("photo.png", png(), "image/png"))
    assert (answer.status_code, answer.json()["file_name"]) == (201, "photo.png")
    assert len(files_below(root)) == 1


def test_a_form_of_a_browser_carries_its_csrf_token_in_the_form(world: World, root: Path) -> None:
    session = SessionStore()
    session["user_id"], session["tenant_id"] = str(world.engineer.id), str(world.tenant.id)
    session.save()
    token = "a" * 32
    browser = DjangoClient(enforce_csrf_checks=True)
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    browser.cookies[settings.CSRF_COOKIE_NAME] = token
    assert code(browser.post(URL, {"file": SimpleUploadedFile("photo.png", png(), "image/png")})) == (
        403,
        "csrf_failed",
    )
    assert files_below(root) == []
    members = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("photo.png", png(), "image/png")}
    assert browser.post(URL, members).status_code == 201


@pytest.mark.parametrize(
    ("content", "headers", "query", "expected"),
    [
        (png(), {"Content-Digest": digest(b"other")}, "", (422, "digest_mismatch")),
        (png(), {"Content-Digest": "sha-256=:AAAA:"}, "", (400, "malformed_body")),
        (png(), {"Content-Digest": "sha-256=AAAA"}, "", (400, "malformed_body")),
        (png(), {"Content-Encoding": "gzip"}, "", (415, "unsupported_media_type")),
        (png(), {"Content-Range": "bytes 0-1/9"}, "", (400, "malformed_body")),
        (b"MZ\x90\0", {}, "", (422, "file_is_program")),
        (b"<html>", {}, "", (422, "file_type_mismatch")),
        (png(), {}, "?file_name=a%00b.png", (422, "file_name_refused")),
        (png(), {}, "?file_name=photo.png.exe", (422, "file_name_refused")),
        (png(), {"token": "cmk_wrong"}, "", (401, "bad_token")),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(
    world: World, root: Path, content: bytes, headers: dict[str, str], query: str, expected: tuple[int, str]
) -> None:
    assert code(post(world, content, query=query, **headers)) == expected
    assert files_below(root) == []


def test_an_unknown_digest_algorithm_is_ignored(world: World) -> None:
    assert post(world, png(), **{"Content-Digest": "sha-512=:AAAA:"}).status_code == 201


def test_who_may_not_is_refused_before_a_byte_is_read(world: World, root: Path) -> None:
    assert code(post(world, png(), query="?forbidden")) == (403, "forbidden")
    assert not (root / "incoming").exists()


def test_a_body_without_its_length_is_refused(world: World) -> None:
    answer = DjangoClient().generic(
        "POST",
        URL,
        b"",
        "image/png",
        headers={"Authorization": f"Bearer {world.tokens['engineer']}"},
        CONTENT_LENGTH="",
    )
    assert code(answer) == (411, "length_required")


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"other": SimpleUploadedFile("a.png", png())},
        {"file": [SimpleUploadedFile("a.png", png()), SimpleUploadedFile("b.png", png())]},
    ],
)
def test_a_form_has_exactly_one_file(world: World, root: Path, members: dict[str, Any]) -> None:
    assert code(form(world, note="x", **members)) == (422, "one_file_expected")
    assert files_below(root) == []


def test_a_form_that_is_cut_short_is_refused(world: World, root: Path) -> None:
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of'
    token = world.tokens["engineer"]
    environ: dict[str, Any] = {"CONTENT_LENGTH": str(len(cut) + 100), "wsgi.input": io.BytesIO(cut)}
    answer = DjangoClient(HTTP_AUTHORIZATION=f"Bearer {token}").post(
        URL, cut, "multipart/form-data; boundary=b", **environ
    )
    assert code(answer) == (400, "upload_incomplete")
    assert files_below(root) == []


def test_a_retry_with_the_same_key_is_answered_the_same_and_other_bytes_are_not(world: World) -> None:
    key = {"Idempotency-Key": "one"}
    first = post(world, png(), **key)
    again = post(world, png(), **key)
    assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
    assert code(post(world, png(3, 3), **key)) == (422, "idempotency_key_reused")
