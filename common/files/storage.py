"""The storage under the room: a folder of this machine. `common.files.s3` has the same methods over a bucket."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from django.core.files.storage import FileSystemStorage, default_storage

from common.files.kinds import checked

PIECE = 64 * 1024
INCOMING = "incoming"
LEAST_FREE = 100 * 1024 * 1024


class Store(Protocol):
    """What the room asks of a storage beside Django's own methods. A key's bytes never change."""

    def incoming(self) -> Path:
        """Return the local folder for what is still arriving."""

    def adopt(self, path: Path, key: str) -> None:
        """Move a finished file to its key at once, or not at all. What is there already is replaced: it is the same."""

    def freshen(self, key: str, size: int) -> bool:
        """Whether the key exists with that size; if so it counts as new again."""

    def size(self, key: str) -> int:
        """Return the size in bytes; raises FileNotFoundError."""

    def pieces(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`; raises FileNotFoundError."""

    def tenants(self, kind: str) -> Iterator[str]:
        """Yield the tenants that have bytes of a kind."""

    def aged(self, kind: str, tenant: str, before: datetime) -> Iterator[str]:
        """Yield the keys of a kind and tenant that are older than a moment, in order."""

    def remove_aged(self, key: str, before: datetime) -> bool:
        """Remove a key unless it has become new; return whether it was removed."""

    def complaint(self) -> str:
        """Return why nothing can be stored now, or nothing. Raises what the storage raises where it is away."""


def store() -> Store:
    """Return the configured storage."""
    return cast(Store, default_storage)


class DiskStorage(FileSystemStorage):
    """Files below MEDIA_ROOT. Moving and removing take the folder's lock, so neither misses the other."""

    def incoming(self) -> Path:
        return ready(Path(self.location) / INCOMING)

    def adopt(self, path: Path, key: str) -> None:
        target = Path(self.path(checked(key)))
        ready(target.parent)
        with locked(target.parent) as folder:
            path.replace(target)
            os.fsync(folder)

    def freshen(self, key: str, size: int) -> bool:
        target = Path(self.path(checked(key)))
        try:
            with locked(target.parent):
                if target.stat().st_size != size:
                    return False
                os.utime(target)
        except FileNotFoundError:
            return False
        return True

    def pieces(self, key: str, start: int, end: int) -> Iterator[bytes]:
        with Path(self.path(checked(key))).open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(PIECE, end - start))):
                start += len(piece)
                yield piece

    def tenants(self, kind: str) -> Iterator[str]:
        yield from names_in(Path(self.location) / kind)

    def aged(self, kind: str, tenant: str, before: datetime) -> Iterator[str]:
        base = Path(self.location) / kind / tenant
        for part in names_in(base):
            for name in names_in(base / part):
                if is_older(base / part / name, before):
                    yield f"{kind}/{tenant}/{part}/{name}"

    def remove_aged(self, key: str, before: datetime) -> bool:
        target = Path(self.path(checked(key)))
        try:
            with locked(target.parent):
                if not is_older(target, before):
                    return False
                target.unlink()
        except FileNotFoundError:
            return False
        return True

    def complaint(self) -> str:
        base = Path(self.location)
        existing = next(folder for folder in (base, *base.parents) if folder.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            return "the folder cannot be written"
        return "" if shutil.disk_usage(existing).free >= LEAST_FREE else "the disk is full"


def ready(folder: Path) -> Path:
    """Make the folder, so that it outlives a loss of power."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for parent in list(folder.parents)[:3]:
            descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(descriptor)
            os.close(descriptor)
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold a folder's lock; the system frees it with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_older(path: Path, before: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    except FileNotFoundError:
        return False
