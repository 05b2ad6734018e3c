"""The owner's login: what set-up, backup and restore work with, and no process that serves ever has."""

import os
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from psycopg import sql

from common.tenancy.setup import APP, prepare_database

MAINTENANCE = "postgres"


class OwnerError(RuntimeError):
    """What stands in the way, and the remedy. `code` is the exit code: 2 a setting, 3 the server."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def owner_url() -> str:
    """Return the URL of the owner's login; raises `OwnerError`."""
    url = os.environ.get("DATABASE_OWNER_URL", "")
    if not url:
        raise OwnerError("DATABASE_OWNER_URL is not set: give the URL of a login that may create roles.", 2)
    if database_of(url) != database_of(os.environ["DATABASE_URL"]):
        raise OwnerError("DATABASE_URL and DATABASE_OWNER_URL name different databases.", 2)
    return url


def database_of(url: str) -> str:
    return unquote(urlsplit(url).path.removeprefix("/"))


def elsewhere(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def refused(error: psycopg.Error) -> OwnerError:
    """Return the error for people: the server's own words, without the addresses that libpq puts before them."""
    said = (error.diag.message_primary or type(error).__name__) if error.diag else type(error).__name__
    return OwnerError(f"The server refuses: {said}. Look at DATABASE_OWNER_URL.", 3)


def create_database() -> bool:
    """Create the database unless it exists; return whether it was created. Raises `OwnerError`."""
    url = owner_url()
    name = database_of(url)
    try:
        with psycopg.connect(elsewhere(url, MAINTENANCE), autocommit=True, connect_timeout=10) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
            connection.execute(statement.format(sql.Identifier(name)))
            return True
    except psycopg.Error as error:
        raise refused(error) from None


def prepare() -> None:
    """Make roles, extensions and context keys as they must be; may run again. Raises `OwnerError`."""
    url = owner_url()
    app = urlsplit(os.environ["DATABASE_URL"])
    if app.username != APP:
        raise OwnerError(f"DATABASE_URL must sign in as {APP}: row security is granted to that role.", 2)
    try:
        prepare_database(url, app_password=unquote(app.password or ""), context_keys=settings.CONTEXT_KEYS)
    except psycopg.Error as error:
        raise refused(error) from None
