"""The folder this process may fill: one per process, gone when it ends, swept by the next if it was killed."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "countermark-worker-"
LOCK = "lock"


class Scratch:
    """A folder held by a file lock, so that a sweep can tell a dead process's folder from a living one's."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(tempfile.gettempdir())
        self._descriptor = -1
        self.path = Path()

    def __enter__(self) -> Self:
        self._parent.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
        # Locked first and named after, so that no sweep ever sees it unlocked.
        unnamed = self.path / "lock.new"
        self._descriptor = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        unnamed.rename(self.path / LOCK)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)

    def folder(self, name: str) -> Path:
        """An empty folder of that name."""
        path = self.path / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def remove(self, name: str) -> None:
        shutil.rmtree(self.path / name, ignore_errors=True)

    def _sweep(self) -> None:
        for path in self._parent.glob(f"{PREFIX}*"):
            if path.is_dir() and not path.is_symlink() and _is_abandoned(path / LOCK):
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(lock: Path) -> bool:
    """A lock that can be taken belongs to nobody alive. No lock: a process that is just starting."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
