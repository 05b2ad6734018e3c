"""A restore: into an empty database only, compared with what the backup says was in it."""

import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from common.tenancy.setup import create_roles
from common.upkeep import owner
from common.upkeep.backup import DATABASE, FILES, TABLES, Manifest, figures, folder_of_files
from common.upkeep.owner import OwnerError, refused
from common.upkeep.programs import program, run


def restore(folder: Path, *, with_files: bool = True) -> list[str]:
    """Restore the backup in `folder` into the database of DATABASE_OWNER_URL, which must not exist or be empty.

    Returns how the result differs from the backup: nothing where all is well. Raises `OwnerError`.
    """
    manifest = Manifest.read(folder)
    url = owner.owner_url()
    owner.create_database()
    password = unquote(urlsplit(os.environ["DATABASE_URL"]).password or "")
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            if connection.execute(TABLES).fetchone():
                raise OwnerError(f"The database {owner.database_of(url)} is not empty: restore into a new one.", 2)
            server = connection.info.server_version // 10000
            create_roles(connection, password)
        if server < manifest.server:
            raise OwnerError(f"The backup is of PostgreSQL {manifest.server}, this server is {server}.", 2)
        options = ["--exit-on-error", "--single-transaction", str(folder / DATABASE)]
        run([str(program("pg_restore", server)), *options], url)
        owner.prepare()
        with psycopg.connect(url, connect_timeout=10) as connection:
            rows, positions = figures(connection)
    except psycopg.Error as error:
        raise refused(error) from None
    if with_files and (folder / FILES).is_file():
        unpack(folder / FILES)
    return [*differences("rows in", manifest.rows, rows), *differences("position of", manifest.positions, positions)]


def differences(what: str, wanted: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name, 0) != found.get(name, 0):
            yield f"{what} {name}: {found.get(name, 0)}, and {wanted.get(name, 0)} in the backup"


def unpack(path: Path) -> None:
    """Bring the stored files back. One that is there stays: a stored file never changes."""
    base = folder_of_files()
    if base is None:
        raise OwnerError("The backup holds files, but S3_BUCKET is set: restore with --without-files.", 2)
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(path) as archive:
        for member in archive:
            if not (base / member.name).exists() or member.isdir():
                archive.extract(member, base, filter="data")
