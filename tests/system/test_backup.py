"""A backup restored into an empty database: the same rows, the same positions, and the log verifies."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from audit.log.verifier.__main__ import main as verify
from audit.tests.sealing import happen, log_key, sealed
from common.upkeep.backup import Manifest, figures
from tests.database import ROOT, administration, url_of
from tests.world import World

pytestmark = pytest.mark.system

NAME = f"cm_restored_{os.getpid()}"
READER = f"reader_{os.getpid()}"


@pytest.fixture
def other() -> Iterator[dict[str, str]]:
    """An environment that names a database which does not exist yet."""
    yield {variable: url_of(os.environ[variable], NAME) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    with administration() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))


@pytest.fixture
def reader() -> Iterator[str]:
    """The URL of a login that may do nothing but back up."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {READER} LOGIN PASSWORD 'back-up-1' NOINHERIT IN ROLE cm_backup")
        connection.execute(f"GRANT CONNECT ON DATABASE {connection.info.dbname} TO {READER}")
        host = f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}"
        yield f"postgresql://{READER}:back-up-1@{host}"
        connection.execute(f"DROP OWNED BY {READER}")
        connection.execute(f"DROP ROLE {READER}")


def manage(environment: dict[str, str], *words: str) -> tuple[int, str]:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert "back-up-1" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_what_is_restored_is_what_was_backed_up(
    committed_world: World, other: dict[str, str], reader: str, tmp_path: Path
) -> None:
    happen(committed_world, 40)
    checkpoint = sealed(committed_world)
    media = {"MEDIA_ROOT": str(tmp_path / "media"), "BACKUP_DATABASE_URL": reader, "DATABASE_OWNER_URL": ""}
    (tmp_path / "media" / "files").mkdir(parents=True)
    (tmp_path / "media" / "files" / "one").write_bytes(b"one")

    code, said = manage(media, "backup", "--to", str(tmp_path / "backups"), "--keep", "3")
    assert code == 0, said
    folder = Path(said.strip().splitlines()[-1])
    manifest = Manifest.read(folder)
    assert manifest.positions[str(committed_world.tenant.id)] >= 40
    assert manifest.rows["audit_event"] >= 40
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700, 0o600}

    # What happens after the backup is not in it.
    happen(committed_world, 1)
    restored = other | {"MEDIA_ROOT": str(tmp_path / "elsewhere")}
    code, said = manage(restored, "restore", str(folder))
    assert code == 0, said
    assert "Every row and every position of the log is there" in said
    assert (tmp_path / "elsewhere" / "files" / "one").read_bytes() == b"one"
    with psycopg.connect(other["DATABASE_OWNER_URL"]) as connection:
        assert figures(connection) == (manifest.rows, manifest.positions)
        keys = connection.execute("SELECT count(*) FROM sec.context_key").fetchone()
        # The log goes on in another tree, which says that it follows a restore.
        trees = connection.execute("SELECT DISTINCT left(reason, 24) FROM audit_epoch WHERE closed_at IS NOT NULL")
        assert (keys, trees.fetchall()) == ((1,), [("Restored from the backup",)])
        assert connection.execute("SELECT count(*) FROM audit_epoch WHERE closed_at IS NULL").fetchone() == (0,)

    # Its guards stand, and what it says of the past is what was signed.
    code, said = manage(other, "setup_platform", "--verify-only")
    assert code == 0, said
    export = tmp_path / "export"
    code, said = manage(other, "export_log", "--out", str(export), "--tenant", str(committed_world.tenant.id))
    assert code == 0, said
    assert verify([str(export), "--key", str(log_key(checkpoint))]) == 0

    code, said = manage(restored, "restore", str(folder))
    assert (code, "is not empty" in said) == (2, True)


def test_a_restore_that_lost_rows_says_which(committed_world: World, other: dict[str, str], tmp_path: Path) -> None:
    code, said = manage({}, "backup", "--to", str(tmp_path), "--without-files")
    assert code == 0, said
    folder = Path(said.strip().splitlines()[-1])
    text = (folder / "manifest.json").read_text()
    rows = Manifest.read(folder).rows["accounts_user"]
    changed = text.replace(f'"accounts_user": {rows}', f'"accounts_user": {rows + 7}')
    assert changed != text
    (folder / "manifest.json").write_text(changed)
    code, said = manage(other, "restore", str(folder))
    assert code == 1
    assert f"rows in accounts_user: {rows}, and {rows + 7} in the backup" in said
