"""Files of tasks through the real endpoint: judged when they come, inert when they go."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as DjangoClient
from django.test import override_settings

from common.tests.files import encrypted_zip, overlapping_zip, pdf, png, tarred, zipped
from tasks.models import Attachment, Task
from tasks.services.attachments import sweep_attachments
from tests.work import make_task, run_out, started
from tests.world import Client, World


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        yield tmp_path


def url(task: Task, rest: str = "") -> str:
    return f"/api/v1/tasks/{task.id}/attachments/{rest}"


def send(world: World, task: Task, content: bytes, name: str = "notes.txt", who: str = "engineer") -> Any:
    return Client(world.tokens[who]).generic(
        "POST", f"{url(task)}?file_name={name}", content, content_type="application/octet-stream"
    )


def kept(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_file_comes_back_as_it_was_and_inert(world: World) -> None:
    task, page = make_task(world), b"<script>alert(1)</script>"
    made = send(world, task, page, "page.html").json()
    assert (made["file_name"], made["sha256"]) == ("page.html", hashlib.sha256(page).hexdigest())
    got: Any = Client(world.tokens["viewer"]).get(url(task, f"{made['id']}/content/"), headers={"Accept": "text/html"})
    assert b"".join(got.streaming_content) == page
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"] == 'attachment; filename="page.html"'
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"].startswith("sandbox")


def test_a_range_of_a_file(world: World) -> None:
    task = make_task(world)
    made = send(world, task, b"0123456789").json()
    client = Client(world.tokens["viewer"])
    part: Any = client.get(url(task, f"{made['id']}/content/"), headers={"Range": "bytes=2-4"})
    assert (part.status_code, b"".join(part.streaming_content), part["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    beyond = client.get(url(task, f"{made['id']}/content/"), headers={"Range": "bytes=20-"})
    assert beyond.status_code == 416


def test_a_form_works_too(world: World) -> None:
    task = make_task(world)
    headers = {"Authorization": f"Bearer {world.tokens['engineer']}"}
    answer = DjangoClient().post(
        url(task), {"file": SimpleUploadedFile("photo.png", png(), "image/png")}, headers=headers
    )
    assert (answer.status_code, answer.json()["media_type"]) == (201, "image/png")


ABUSE = {
    "a program": (b"\x7fELF" + b"\0" * 60, "tool.bin"),
    "an active PDF": (pdf(b"/OpenAction <</S /JavaScript>> "), "doc.pdf"),
    "a flood of pixels": (png(60_000, 60_000), "big.png"),
    "a picture that is none": (b"MZ" + b"\0" * 62, "photo.png"),
    "an archive that leads out": (zipped(("../../etc/passwd", b"x")), "a.zip"),
    "an archive that overlaps": (overlapping_zip(), "a.zip"),
    "an archive nobody can look into": (encrypted_zip(), "a.zip"),
    "a link out of a tar": (tarred("x", b"2", "/etc/passwd"), "a.tar"),
    "a name that deceives": (b"x", "invoice%E2%80%AEtxt.exe"),
}


@pytest.mark.parametrize(("content", "name"), ABUSE.values(), ids=list(ABUSE))
def test_abuse_is_refused_and_leaves_nothing(world: World, root: Path, content: bytes, name: str) -> None:
    answer = send(world, make_task(world), content, name)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert kept(root) == []
    with world.as_("system"):
        assert not Attachment.objects.exists()


def test_who_may_not_write_brings_no_byte_in(world: World, root: Path) -> None:
    task = make_task(world)
    assert send(world, task, b"x", who="viewer").status_code == 403
    assert send(world, task, b"x", who="stranger").status_code == 404
    assert kept(root) == []


def test_a_file_of_another_task_or_tenant_is_unknown(world: World, other_world: World) -> None:
    task, other = make_task(world), make_task(world)
    made = send(world, task, b"x").json()
    for path in (f"{made['id']}/", f"{made['id']}/content/"):
        assert Client(world.tokens["engineer"]).get(url(other, path)).status_code == 404
        assert Client(other_world.tokens["admin"]).get(url(task, path)).status_code == 404


def test_what_is_evidence_stays_and_what_is_deleted_goes_with_the_sweep(world: World, root: Path) -> None:
    task, client = make_task(world), Client(world.tokens["engineer"])
    proof, scrap = send(world, task, b"proof").json(), send(world, task, b"scrap").json()
    used = client.send("POST", f"tasks/{task.id}/attachments/{proof['id']}/evidence/", {"source_type": "test_result"})
    assert (used.status_code, used.json()["is_evidence"]) == (200, True)
    assert client.delete(url(task, f"{proof['id']}/")).status_code == 409
    assert client.delete(url(task, f"{scrap['id']}/")).status_code == 204
    assert client.get(url(task, f"{scrap['id']}/content/")).status_code == 404
    long_ago = time.time() - 3 * 86400
    for path in kept(root):
        os.utime(path, (long_ago, long_ago))
    assert sweep_attachments() == 1
    assert [path.read_bytes() for path in kept(root)] == [b"proof"]


def test_an_agent_attaches_under_its_lease_only(world: World, root: Path) -> None:
    task, claim = started(world)
    client = Client(world.token)
    target = f"/api/v1/executions/{claim.execution_id}/attachments/?file_name=a.txt"

    def attach(token: str) -> Any:
        return client.generic(
            "POST", target, b"bytes", content_type="application/octet-stream", headers={"Lease-Token": token}
        )

    assert attach("wrong").status_code == 403
    assert kept(root) == []
    made = attach(claim.token)
    assert (made.status_code, made.json()["agent"], made.json()["task"]) == (201, str(world.agent.id), str(task.id))
    run_out(world, claim.execution_id)
    assert (attach(claim.token).status_code, attach(claim.token).json()["code"]) == (409, "lease_lost")
