"""The data folder: who holds it, its generated secrets, its remembered ports, and what runs in it."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypedDict

from common.embedded import processes
from common.embedded.errors import EmbeddedError

LOG_BYTES = 10 * 1024 * 1024
# Below the range from which systems take ports for outgoing connections, so that nobody sits on ours after a restart.
FIRST_PORT, LAST_PORT = 20000, 32000


class State(TypedDict):
    """What the holder of a folder tells others: where the servers are, and the product's URL if it runs."""

    pid: int
    command: str
    url: str | None
    environment: dict[str, str]


class DataFolder:
    """`.data` or a folder like it. One process holds it; others may borrow the servers that it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "log"
        try:
            path.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._lock = open(path / "lock", "a")  # noqa: SIM115  # both live as long as this object
            self._borrowers = open(path / "borrowers.lock", "a")  # noqa: SIM115
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except PermissionError as error:
            raise EmbeddedError(
                f"{path} belongs to another user (was the product once started as root?).\n"
                f"  Keep the data:  sudo chown -R $(id -u):$(id -g) {path}\n"
                f"  Start afresh:   sudo rm -r {path}"
            ) from error
        self._state = path / "state.json"
        self._secrets = path / "secrets.json"
        self._ports = path / "ports.json"

    def emptied(self, name: str) -> Path:
        """Return a folder of ours with nothing in it."""
        found = self.path / name
        shutil.rmtree(found, ignore_errors=True)
        found.mkdir(mode=0o700)
        return found

    # --- holding and borrowing ------------------------------------------------------------------------------------
    def hold(self) -> bool:
        """Become the holder, unless somebody else is. The kernel lets go of it when we end, however we end."""
        if not try_lock(self._lock, fcntl.LOCK_EX):
            return False
        self._state.unlink(missing_ok=True)
        return True

    def publish(self, *, command: str, url: str | None, environment: Mapping[str, str]) -> None:
        """Tell others what runs here."""
        write_private(self._state, State(pid=os.getpid(), command=command, url=url, environment=dict(environment)))

    def keep_borrowers_out(self) -> bool:
        """Whether nobody uses our servers any more; from then on nobody can begin to."""
        return try_lock(self._borrowers, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let others hold the folder."""
        self._state.unlink(missing_ok=True)
        fcntl.flock(self._borrowers, fcntl.LOCK_UN)
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def state(self) -> State | None:
        """Return what the holder has published."""
        try:
            found: State = json.loads(self._state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return found

    @contextmanager
    def borrow(self) -> Iterator[State | None]:
        """Use the holder's servers, which a polite holder does not stop meanwhile. None: nothing to borrow yet."""
        borrowing = try_lock(self._borrowers, fcntl.LOCK_SH)
        try:
            yield self.state() if borrowing else None
        finally:
            if borrowing:
                fcntl.flock(self._borrowers, fcntl.LOCK_UN)

    # --- what is remembered ---------------------------------------------------------------------------------------
    def secrets(self) -> dict[str, str]:
        """Return the generated secrets of this folder, which are made once and live as long as its data.

        A folder of an older version gets the ones that are new.
        """
        known: dict[str, str] = read_json(self._secrets)
        fresh = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "CONTEXT_KEY": secrets.token_hex(32),
            "LEASE_KEY": secrets.token_hex(32),
            "FIELD_KEYS": secrets.token_hex(32),
            "LOG_KEY": secrets.token_hex(32),
            "postgres": secrets.token_urlsafe(24),
            "cm_app": secrets.token_urlsafe(24),
            "valkey": secrets.token_urlsafe(24),
        }
        if fresh.keys() - known.keys():
            known = fresh | known
            write_private(self._secrets, known)
        return known

    def port(self, name: str) -> int:
        """Return the port of a server: the one of last time, or if that is taken now, another one."""
        known: dict[str, int] = read_json(self._ports)
        port = known.get(name)
        if port is None or not processes.is_free(port):
            start = self._first_port()
            port = next(
                candidate
                for candidate in (*range(start, LAST_PORT), *range(FIRST_PORT, start))
                if candidate not in known.values() and processes.is_free(candidate)
            )
            write_private(self._ports, known | {name: port})
        return port

    def _first_port(self) -> int:
        """Different folders begin their search at different places, so that they seldom meet."""
        digest = hashlib.sha256(str(self.path).encode()).digest()
        return FIRST_PORT + int.from_bytes(digest[:4]) % (LAST_PORT - FIRST_PORT)


def try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file that only its owner may read; nobody ever sees half of it."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2))
    new.replace(path)


# --- logs -------------------------------------------------------------------------------------------------------------
class LogFile:
    """A file of lines that begins anew at ten megabytes and keeps one predecessor."""

    def __init__(self, path: Path) -> None:
        self.path = path
        rotate(path)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  # lives as long as its process

    def write(self, line: bytes) -> None:
        """Append a line. A full disk loses log lines, and nothing else."""
        with suppress(OSError):
            self._file.write(line)
            if self._file.tell() > LOG_BYTES:
                self._file.close()
                rotate(self.path)
                self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115


def rotate(path: Path) -> None:
    """Put a full log file aside."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))


def tail(log: Path, size: int = 1500) -> str:
    """Return the end of a log file."""
    return log.read_bytes()[-size:].decode(errors="replace")
