"""A backup: a folder with the database, the stored files, and a manifest that says what must be in them.

The manifest's figures are counted in the very snapshot that pg_dump writes, so a restore can be compared row by row and
position by position. A folder has its name only when it is whole.
"""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from psycopg import sql

from common.files.storage import INCOMING
from common.upkeep.owner import OwnerError, refused
from common.upkeep.programs import program, run

MANIFEST, DATABASE, FILES = "manifest.json", "database.dump", "files.tar"
PREFIX, UNFINISHED = "countermark-", ".unfinished"
# Set-up writes the keys of the place where a backup is restored; these would only give the old ones away.
WITHOUT_DATA = ("sec.context_key",)
FORMAT = 1
BLOCK = 1024 * 1024
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
POSITIONS = "SELECT tenant_id::text, max(pos) FROM audit_position GROUP BY 1 ORDER BY 1"
MAY_READ_ALL = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `rows` by table, `positions` by tenant, `digests` by file."""

    made_at: str
    version: str
    server: int
    rows: Mapping[str, int]
    positions: Mapping[str, int]
    digests: Mapping[str, str]
    format: int = FORMAT

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Return the manifest of a folder whose files are whole; raises `OwnerError`."""
        try:
            found = cls(**json.loads((folder / MANIFEST).read_text()))
        except (OSError, ValueError, TypeError):
            raise OwnerError(f"{folder} is no backup of ours: its {MANIFEST} cannot be read.", 2) from None
        for name, digest in found.digests.items():
            if not (folder / name).is_file() or digest_of(folder / name) != digest:
                raise OwnerError(f"{name} in {folder} is damaged or missing: its digest is another one.", 2)
        return found


def back_up(*, url: str, folder: Path, with_files: bool = True) -> Path:
    """Make a backup below `folder` and return where it is.

    `url` is a login whose role bypasses row security (cm_backup, or a superuser). Raises `OwnerError`.
    """
    now = datetime.now(UTC)
    target = folder / f"{PREFIX}{now:%Y%m%dT%H%M%S}Z"
    unfinished = target.with_name(target.name + UNFINISHED)
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        server, rows, positions = dump(url, unfinished / DATABASE)
        if with_files:
            pack(unfinished / FILES)
        digests = {path.name: digest_of(path) for path in sorted(unfinished.iterdir())}
        manifest = Manifest(now.isoformat(timespec="seconds"), settings.VERSION, server, rows, positions, digests)
        (unfinished / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
        for path in unfinished.iterdir():
            path.chmod(0o600)
            flush(path)
        unfinished.rename(target)
        flush(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def dump(url: str, path: Path) -> tuple[int, dict[str, int], dict[str, int]]:
    """Dump the database; return the server's major version, rows by table and the last position by tenant."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute("SET LOCAL row_security = off")  # a policy that would hide rows is an error instead
            become_reader(connection)
            server = connection.info.server_version // 10000
            rows, positions = figures(connection)
            [snapshot] = connection.execute("SELECT pg_export_snapshot()").fetchone() or [""]
            [role] = connection.execute("SELECT current_user").fetchone() or [""]
            exclude = [f"--exclude-table-data={table}" for table in WITHOUT_DATA]
            options = ["--format=custom", f"--snapshot={snapshot}", f"--role={role}", f"--file={path}", *exclude]
            run([str(program("pg_dump", server)), *options], url)
            return server, rows, positions
    except psycopg.Error as error:
        raise refused(error) from None


def become_reader(connection: psycopg.Connection[Any]) -> None:
    """Take the role that may read everything, unless the login may itself. Raises `OwnerError`."""
    for role in ("", "cm_backup"):
        if role and connection.execute("SELECT pg_has_role('cm_backup', 'MEMBER')").fetchone() == (True,):
            connection.execute("SET LOCAL ROLE cm_backup")
        if connection.execute(MAY_READ_ALL).fetchone() == (True,):
            return
    raise OwnerError("This login is bound by row security: use one that is a member of cm_backup.", 2)


def figures(connection: psycopg.Connection[Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the rows of each table and the last position of each tenant, as the connection's snapshot sees them."""
    rows = {}
    for (table,) in connection.execute(TABLES).fetchall():
        count = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
        [rows[table]] = connection.execute(count).fetchone() or [0]
    return rows, dict(connection.execute(POSITIONS).fetchall())


def pack(path: Path) -> None:
    """Pack the stored files, if they are on a disk: a bucket has its own versions. What still arrives stays out.

    A stored file never changes, and the sweeps leave alone what is young, so a copy after the dump misses nothing.
    """
    base = folder_of_files()
    with tarfile.open(path, "w") as archive:
        for entry in sorted(base.iterdir()) if base and base.is_dir() else ():
            if entry.name != INCOMING:
                archive.add(entry, arcname=entry.name)


def folder_of_files() -> Path | None:
    """Return the folder that the product stores files in, None where it is a bucket."""
    storage = storages["default"]
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups below `folder`; return those removed."""
    whole = sorted(path for path in folder.glob(f"{PREFIX}*Z") if (path / MANIFEST).is_file())
    old = whole[: max(len(whole) - keep, 0)]
    for path in old:
        shutil.rmtree(path)
    return old


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
