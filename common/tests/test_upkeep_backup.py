"""Backups: which programs, which login, what a damaged or foreign folder is told. The restore itself: tests/system."""

import json
import os
import runpy
import tarfile
from dataclasses import asdict
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from common.jobs import back_up
from common.upkeep import backup, programs
from common.upkeep.backup import DATABASE, FILES, MANIFEST, Manifest, digest_of, prune
from common.upkeep.owner import OwnerError
from common.upkeep.restore import differences, unpack


def folder(path: Path) -> Path:
    """A backup as it would be, but for its dump."""
    path.mkdir()
    (path / DATABASE).write_bytes(b"dump")
    manifest = Manifest("2026-01-01T00:00:00+00:00", "0.1.0", 18, {"t": 1}, {}, {DATABASE: digest_of(path / DATABASE)})
    (path / MANIFEST).write_text(json.dumps(asdict(manifest)))
    return path


def test_a_folder_is_read_only_when_it_is_whole(tmp_path: Path) -> None:
    whole = folder(tmp_path / "a")
    assert Manifest.read(whole).rows == {"t": 1}
    (whole / DATABASE).write_bytes(b"dump, but longer")
    with pytest.raises(OwnerError, match="is damaged or missing"):
        Manifest.read(whole)
    (whole / DATABASE).unlink()
    with pytest.raises(OwnerError, match="is damaged or missing"):
        Manifest.read(whole)
    with pytest.raises(OwnerError, match="is no backup of ours"):
        Manifest.read(tmp_path)


def test_the_newest_are_kept_and_what_is_unfinished_is_left_alone(tmp_path: Path) -> None:
    names = [f"countermark-2026010{day}T020000Z" for day in range(1, 6)]
    for name in names:
        folder(tmp_path / name)
    (tmp_path / "countermark-20250101T020000Z.unfinished").mkdir()
    (tmp_path / "something-else").mkdir()
    assert [path.name for path in prune(tmp_path, 2)] == names[:3]
    assert len(list(tmp_path.iterdir())) == 4
    assert prune(tmp_path, 2) == []


def test_a_program_has_the_servers_version_or_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("POSTGRES_BIN_DIR", str(tmp_path))
    assert programs.version_of(fake) == 15
    assert programs.program("pg_dump", 15) == fake
    with pytest.raises(OwnerError, match="Install postgresql-client-99"):
        programs.program("pg_dump", 99)


def test_a_password_is_in_no_command_line() -> None:
    url = "postgresql://backup:s%40cret@db.example:5433/countermark?sslmode=require"
    assert programs.without_password(url) == "postgresql://backup@db.example:5433/countermark?sslmode=require"
    assert programs.without_password("postgresql:///countermark") == "postgresql:///countermark"


def test_the_applications_login_makes_no_backup(django_db_setup: None, tmp_path: Path) -> None:
    with pytest.raises(OwnerError, match="a member of cm_backup"):
        backup.back_up(url=os.environ["DATABASE_URL"], folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_or_too_much_is_a_difference() -> None:
    told = list(differences("rows in", {"a": 2, "b": 1, "c": 0}, {"a": 2, "d": 5}))
    assert told == ["rows in b: 0, and 1 in the backup", "rows in d: 5, and 0 in the backup"]


def test_files_come_back_and_none_climbs_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "media"
    monkeypatch.setattr("common.upkeep.restore.folder_of_files", lambda: base)
    monkeypatch.setattr("common.upkeep.backup.folder_of_files", lambda: base)
    (base / "files" / "t").mkdir(parents=True)
    (base / "incoming").mkdir()
    (base / "files" / "t" / "one").write_bytes(b"one")
    (base / "incoming" / "half").write_bytes(b"half")
    backup.pack(tmp_path / FILES)
    (base / "files" / "t" / "one").unlink()
    unpack(tmp_path / FILES)
    assert (base / "files" / "t" / "one").read_bytes() == b"one"
    with tarfile.open(tmp_path / FILES) as archive:
        assert not [name for name in archive.getnames() if "incoming" in name]
    with tarfile.open(tmp_path / FILES, "w") as archive:
        evil = tarfile.TarInfo("../evil")
        evil.size = 1
        archive.addfile(evil, BytesIO(b"x"))
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack(tmp_path / FILES)
    assert not (tmp_path / "evil").exists()


def test_the_command_asks_for_what_it_needs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_DATABASE_URL = ""
    monkeypatch.delenv("DATABASE_OWNER_URL")
    with pytest.raises(CommandError, match="BACKUP_DATABASE_URL") as refusal:
        call_command("backup", "--to", str(tmp_path))
    assert refusal.value.returncode == 2
    settings.BACKUP_DATABASE_URL = "postgresql://b@127.0.0.1:1/x"
    with pytest.raises(CommandError, match="BACKUP_DIR"):
        call_command("backup")
    with pytest.raises(CommandError) as refusal:
        call_command("backup", "--to", str(tmp_path))
    assert refusal.value.returncode == 3
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
        call_command("restore", str(folder(tmp_path / "a")))


def test_purge_lists_every_kind(settings: Settings) -> None:
    out = StringIO()
    call_command("purge", "--list", stdout=out)
    assert out.getvalue().splitlines() == [
        f"{name}: {days} days" for name, days in sorted(settings.RETENTION_DAYS.items())
    ]


def test_beat_asks_for_a_backup_where_there_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path))
    monkeypatch.setenv("BACKUP_HOUR", "3")
    configured = runpy.run_path("config/settings.py")
    entry = configured["CELERY_BEAT_SCHEDULE"]["back-up"]
    assert (entry["task"], entry["options"]["queue"]) == ("common.jobs.back_up", "backup")
    assert entry["schedule"].hour == {3}
    assert configured["QUEUES"][-1] == "backup"
    monkeypatch.delenv("BACKUP_DIR")
    configured = runpy.run_path("config/settings.py")
    assert "back-up" not in configured["CELERY_BEAT_SCHEDULE"]
    assert "backup" not in configured["QUEUES"]


def test_the_job_makes_one_and_keeps_so_many(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_DIR, settings.BACKUP_KEEP = str(tmp_path), 1
    old = folder(tmp_path / "countermark-20260101T020000Z")
    monkeypatch.setattr(backup, "back_up", lambda **_: folder(tmp_path / "countermark-20260102T020000Z"))
    back_up()
    assert not old.exists()
    assert len(list(tmp_path.iterdir())) == 1
