"""`setup_platform` on a real server: from nothing to verified, again without a change, and each refusal by its code."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.database import ROOT, administration, url_of

pytestmark = pytest.mark.system

NAME = f"cm_setup_{os.getpid()}"
Environment = dict[str, str]


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    """Settings that name a database which does not exist."""
    yield {variable: url_of(os.environ[variable], NAME) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    with administration() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))


def setup(environment: Environment, *options: str) -> tuple[int, str]:
    """Return exit code and everything it said."""
    command = [sys.executable, "manage.py", "setup_platform", *options]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    said = done.stdout + done.stderr
    for url in environment.values():
        password = urlsplit(url).password
        assert not password or password not in said
    return done.returncode, said


def test_an_empty_server_becomes_a_verified_installation_and_again(environment: Environment) -> None:
    code, said = setup(environment, "--verify-only")
    assert code == 1
    assert "remedy: run: manage.py setup_platform" in said

    code, said = setup(environment, "--demo")
    assert code == 0, said
    assert "database created" in said
    admin = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert admin["created"]
    assert "wrong" not in said

    code, said = setup(environment, "--demo")
    assert code == 0, said
    assert "database is there" in said
    assert '"created": false' in said
    assert "Everything was there already." in said
    assert setup(environment, "--verify-only")[0] == 0

    code, said = setup(environment, "--verify-only", "--with-workers")
    assert code == 1
    assert "no worker serves the queue" in said


def test_what_somebody_changed_by_hand_is_named(environment: Environment) -> None:
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute("ALTER TABLE agents_agent NO FORCE ROW LEVEL SECURITY")
    code, said = setup(environment, "--verify-only")
    assert code == 1
    assert "row security of agents_agent is not forced" in said


def test_each_refusal_has_its_code_and_its_remedy(environment: Environment) -> None:
    assert setup(environment | {"DATABASE_OWNER_URL": ""})[0] == 2
    other = url_of(environment["DATABASE_OWNER_URL"], "another")
    code, said = setup(environment | {"DATABASE_OWNER_URL": other})
    assert (code, "name different databases" in said) == (2, True)
    wrong = environment["DATABASE_OWNER_URL"].replace("postgres:", "postgres:x")
    code, said = setup(environment | {"DATABASE_OWNER_URL": wrong})
    assert (code, "Look at DATABASE_OWNER_URL" in said) == (3, True)
    away = urlsplit(environment["DATABASE_OWNER_URL"])._replace(netloc="postgres:secret@127.0.0.1:1").geturl()
    assert setup(environment | {"DATABASE_OWNER_URL": away})[0] == 3
    code, said = setup(environment | {"CONTEXT_KEY": "not hex"})
    assert code != 0
    assert "CONTEXT_KEY is not a list of keys in hex" in said
