"""The template database and its clones."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from psycopg import sql

from common.tenancy.setup import prepare_database

ROOT = Path(__file__).resolve().parent.parent


def url_of(url: str, database: str) -> str:
    """Return a database URL with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def fingerprint() -> str:
    """Return a name for the state of the migrations: what a template is valid for."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("common/tenancy/*.py")]):
        digest.update(path.read_bytes())
    digest.update(b"".join(settings.CONTEXT_KEYS))
    return digest.hexdigest()[:12]


def prepare(owner_url: str) -> None:
    app = urlsplit(os.environ["DATABASE_URL"])
    prepare_database(owner_url, app_password=unquote(app.password or ""), context_keys=settings.CONTEXT_KEYS)


@contextmanager
def administration() -> Iterator[psycopg.Connection]:
    """A connection that may create databases, one process at a time."""
    owner_url = url_of(os.environ["DATABASE_OWNER_URL"], "postgres")
    lock = Path(tempfile.gettempdir()) / f"countermark-{os.getuid()}-{urlsplit(owner_url).port}.lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            yield connection


def template_database(connection: psycopg.Connection) -> str:
    """Return the name of the migrated template, building it where it is missing."""
    name = f"cm_template_{fingerprint()}"
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return name
    draft = f"{name}_draft"
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    migrate(draft)
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    return name


def migrate(database: str) -> None:
    """Prepare and migrate a database, as a set-up would."""
    owner_url = url_of(os.environ["DATABASE_OWNER_URL"], database)
    prepare(owner_url)
    environment = os.environ | {
        "DATABASE_OWNER_URL": owner_url,
        "DATABASE_URL": url_of(os.environ["DATABASE_URL"], database),
    }
    command = [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@contextmanager
def cloned_database() -> Iterator[str]:
    """A fresh copy of the template, dropped at the end. DATABASE_URL points at it for child processes."""
    name = f"cm_test_{os.getpid()}"
    with administration() as connection:
        template = template_database(connection)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        # Grants on a database are not part of a template. Roles belong to the server, so this too is for one at a time.
        prepare(url_of(os.environ["DATABASE_OWNER_URL"], name))
    before = {variable: os.environ[variable] for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    os.environ |= {variable: url_of(url, name) for variable, url in before.items()}
    try:
        yield name
    finally:
        os.environ |= before
        with administration() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
