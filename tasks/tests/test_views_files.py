"""Files on a task's page: what is taken, what is refused in words, and what stays."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from common.files.errors import FileTooLarge
from tasks.models import Attachment
from tasks.services import use_as_evidence
from tasks.tests.test_views_parts import rows, upload
from tasks.tests.view_cases import body
from tests.collab import attach
from tests.staff import signed_in
from tests.work import acting, make_task
from tests.world import World


def test_a_file_is_attached_and_comes_back_inert(world: World, other_world: World) -> None:
    task, client = make_task(world), signed_in(world.engineer)
    client.post(f"/tasks/{task.id}/files/", {"file": upload(b"<script>alert(1)</script>", "../evil.html")})
    [file] = rows(world, Attachment)
    assert file.file_name == "evil.html"
    target = f"/tasks/{task.id}/files/{file.id}/"
    assert target in body(client.get(f"/tasks/{task.id}/"))
    for person in (world.viewer, world.admin):
        answer: Any = signed_in(person).get(target)
        assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="evil.html"'
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert signed_in(world.stranger).get(target).status_code == 404
    assert signed_in(other_world.admin).get(target).status_code == 404
    assert signed_in(world.viewer).get(f"/tasks/{make_task(world).id}/files/{file.id}/").status_code == 404
    assert signed_in(world.viewer).delete(target).status_code == 405


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (upload(b"\x7fELF" + b"\0" * 60, "tool"), "Programs are not accepted."),
        (upload(b"%PDF-1.7 /JavaScript", "a.png"), "not what"),
    ],
    ids=["a program", "another type than its name says"],
)
def test_a_file_that_is_not_taken_is_refused_in_words(world: World, file: SimpleUploadedFile, words: str) -> None:
    file.seek(0)
    answer = signed_in(world.engineer).post(f"/tasks/{make_task(world).id}/files/", {"file": file})
    assert answer.status_code == 422
    assert words in body(answer)
    assert rows(world, Attachment) == []


def test_a_file_too_large_is_refused_while_it_comes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.files.intake.Intake.feed", too_much)
    answer = signed_in(world.engineer).post(f"/tasks/{make_task(world).id}/files/", {"file": upload()})
    assert answer.status_code == 422
    assert "At most 3 bytes" in body(answer)
    assert rows(world, Attachment) == []


def too_much(self: Any, piece: bytes) -> None:
    raise FileTooLarge("At most 3 bytes are accepted here.")


def test_an_upload_without_the_forms_token_keeps_nothing(world: World) -> None:
    task = make_task(world)
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(world.engineer).cookies
    assert client.post(f"/tasks/{task.id}/files/", {"file": upload()}).status_code == 403
    assert rows(world, Attachment) == []
    token = client.get(f"/tasks/{task.id}/").context["csrf_token"]
    sent = {"csrfmiddlewaretoken": str(token), "file": upload()}
    assert client.post(f"/tasks/{task.id}/files/", sent).status_code == 302
    assert len(rows(world, Attachment)) == 1


def test_a_file_that_is_evidence_says_so_and_stays(world: World) -> None:
    task = make_task(world)
    file = attach(world, task)
    with acting(world, "engineer"):
        use_as_evidence(attachment=file, principal=world.engineer.principal())
    client = signed_in(world.engineer)
    page = body(client.get(f"/tasks/{task.id}/"))
    assert "is evidence" in page
    assert f"files/{file.id}/delete/" not in page
    answer = client.post(f"/tasks/{task.id}/files/{file.id}/delete/")
    assert answer.status_code == 422
    assert "A file that is evidence stays." in body(answer)
