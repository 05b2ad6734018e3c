"""Bodies in storage: upload, download, the sweep; and a project's artifacts as one zip."""

import hashlib
import io
import json
import os
import zipfile
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from common.errors import Invalid
from common.files.kinds import Stored
from common.ids import sha256_hex
from evidence.models import Artifact
from evidence.services.artifacts import ARTIFACT_BODIES, delete_artifact, export_artifacts, sweep_artifact_bodies
from evidence.services.artifacts.bodies import ORPHAN_AGE, stored_body
from evidence.services.artifacts.export import zipped
from tests.services.artifacts import PNG, PRD, received, rewritten, taken_apart, uploaded, written
from tests.work import events_of
from tests.world import Client, World


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def post(world: World, content: bytes, who: str = "engineer", path: str = "src/app.py", **headers: str) -> Any:
    query = f"project={world.project.id}&artifact_type=source_code&path={path}"
    target = f"/api/v1/artifacts/upload/?{query}"
    return Client(world.tokens[who]).generic(
        "POST", target, content, content_type="application/octet-stream", headers=headers or None
    )


def test_a_file_becomes_a_document_and_the_next_one_its_next_version(world: World) -> None:
    first, again, second = (post(world, content) for content in (b"a = 1\n", b"a = 1\n", b"a = 2\n"))
    assert [answer.status_code for answer in (first, again, second)] == [201, 201, 201]
    assert first.json() == again.json()
    body = second.json()
    assert (body["version"], body["supersedes"], body["text"]) == (2, first.json()["id"], "a = 2\n")
    assert body["content_sha256"] == sha256_hex(b"a = 2\n")
    assert events_of(world).count("artifact.uploaded") == 2


def test_a_picture_has_no_text_and_comes_back_as_it_was(world: World) -> None:
    made = post(world, PNG, path="shot.png").json()
    assert (made["text"], made["token_estimate"], made["media_type"]) == ("", 0, "image/png")
    answer = Client(world.tokens["viewer"]).send("GET", f"artifacts/{made['id']}/content/")
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"] == 'attachment; filename="shot.png"'
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_a_program_and_a_bad_path_are_refused_by_name(world: World) -> None:
    assert post(world, b"\x7fELF" + b"\0" * 60).json()["errors"].keys() == {"file"}
    assert post(world, b"x", path="../x").json()["errors"].keys() == {"path"}
    with world.as_("engineer"):
        assert not Artifact.objects.exists()


def test_who_may_not_write_is_refused_before_the_body_is_read(world: World) -> None:
    assert post(world, b"x", "viewer").status_code == 403
    assert post(world, b"x", "stranger").status_code == 422
    assert not list(default_storage.tenants("artifacts"))  # type: ignore[attr-defined]  # the room's own storage


def test_the_words_of_a_row_are_downloaded_inert(world: World) -> None:
    artifact = written(world, text="<script>alert(1)</script>", media_type="text/html")
    answer = Client(world.tokens["viewer"]).send("GET", f"artifacts/{artifact.id}/content/")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "artifact.downloaded" in events_of(world)


def age(stored: Stored, by: timedelta) -> None:
    path = default_storage.path(stored.key)
    os.utime(path, (Path(path).stat().st_mtime - by.total_seconds(),) * 2)


def test_the_sweep_takes_bodies_without_a_row_and_no_others(committed_world: World) -> None:
    world = committed_world
    kept, deleted = uploaded(world, b"kept"), uploaded(world, b"deleted", "b.txt")
    with world.as_("engineer"):
        delete_artifact(artifact=deleted)
    orphan = received(world, b"orphan")
    young = received(world, b"young")
    for stored in (stored_body(kept), stored_body(deleted), orphan):
        assert stored
        age(stored, ORPHAN_AGE + timedelta(hours=1))
    assert sweep_artifact_bodies() == 1
    left = {key.rpartition("/")[2] for key in keys(world)}
    assert left == {kept.file_sha256, deleted.file_sha256, young.sha256}


def keys(world: World) -> list[str]:
    base = Path(default_storage.path(f"{ARTIFACT_BODIES.name}/{world.tenant.id}"))
    return [str(path) for path in base.rglob("*") if path.is_file()]


# --- export ---------------------------------------------------------------------------------------------------------


def context(world: World) -> AbstractContextManager[Any]:
    made: AbstractContextManager[Any] = world.as_("engineer")
    return made


def exported(world: World) -> zipfile.ZipFile:
    with world.as_("engineer"):
        export = export_artifacts(project=world.project)
    return zipfile.ZipFile(io.BytesIO(b"".join(zipped(export, lambda: context(world)))))


def test_an_export_has_summary_files_and_a_manifest_of_digests(world: World) -> None:
    first = written(world, title="The\nplan")
    rewritten(world, first, PRD + "more\n")
    taken_apart(world, written(world, "a/b.c", title="x"))
    uploaded(world, PNG, "shot.png")
    archive = exported(world)
    assert archive.testzip() is None
    names = archive.namelist()
    assert (names[0], names[-1]) == ("project_summary.md", "manifest.json")
    assert "artifacts/software_specification/prd.md" in names
    assert "artifacts/source_code/shot.png" in names
    assert "The plan (`software_specification/prd`, version 2)" in archive.read("project_summary.md").decode()
    manifest = json.loads(archive.read("manifest.json"))
    assert {each["file"] for each in manifest["artifacts"]} == set(names[1:-1])
    for each in manifest["artifacts"]:
        assert hashlib.sha256(archive.read(each["file"])).hexdigest() == each["sha256"]


def test_the_names_in_an_export_lead_nowhere_and_meet_nowhere(world: World) -> None:
    for path in ("a", "a.md", "a/b", "A/c", "a.md/d", ".env"):
        written(world, path)
    names = exported(world).namelist()
    assert len({name.lower() for name in names}) == len(names)
    folders = {"/".join(name.lower().split("/")[:end]) for name in names for end in range(1, name.count("/") + 1)}
    assert not folders & {name.lower() for name in names}
    assert not [name for name in names if name.startswith("/") or ".." in name.split("/")]


def test_an_export_comes_over_http_in_pieces(world: World) -> None:
    written(world)
    answer = Client(world.tokens["viewer"]).send("GET", f"artifacts/export/?project={world.project.id}")
    assert answer["Content-Disposition"] == f'attachment; filename="project_{world.project.id}.zip"'
    raw = b"".join(answer.streaming_content)
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(raw)).namelist()
    assert "artifact.exported" in events_of(world)


def test_an_empty_project_has_an_export_too(world: World) -> None:
    assert exported(world).namelist() == ["project_summary.md", "manifest.json"]


def test_a_damaged_body_ends_the_export(world: World) -> None:
    artifact = uploaded(world, b"print()\n")
    stored = stored_body(artifact)
    assert stored
    Path(default_storage.path(stored.key)).write_bytes(b"pront()\n")
    with pytest.raises(Exception, match="damaged"):
        exported(world)


def test_an_artifact_without_any_body_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        written(world, content={})
