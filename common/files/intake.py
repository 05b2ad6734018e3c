"""Taking bytes in: streamed to a temporary file, hashed and limited on the way, judged, then moved to their key."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.http import UnreadablePostError

from common.files.errors import FileRefused, FileTooLarge, StorageFull, UploadIncomplete
from common.files.inspection import Received, judge
from common.files.kinds import Kind, Stored
from common.files.names import display_name
from common.files.sniff import UNKNOWN, TextWatch
from common.files.storage import PIECE, store
from common.ids import sha256_hex

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Intake:
    """One file on its way in. Feed it, then `finish`; `close` in any case: it leaves nothing behind."""

    def __init__(
        self,
        *,
        kind: Kind,
        tenant_id: UUID,
        limit: int | None = None,
        declared_sha256: str = "",
        declared_type: str = "",
        file_name: str = "",
    ) -> None:
        self.kind = kind
        self.tenant_id = tenant_id
        self.limit = kind.limit if limit is None else min(limit, kind.limit)
        self.declared_sha256 = declared_sha256.lower()
        self.declared_type = declared_type
        self.file_name = display_name(file_name)
        self.size = 0
        self.digest = hashlib.sha256()
        self.text = TextWatch()
        with room():
            descriptor, path = tempfile.mkstemp(dir=store().incoming())
        self.path = Path(path)
        self.file = os.fdopen(descriptor, "w+b", buffering=0)

    def feed(self, piece: bytes) -> None:
        """Take a piece. Raises `FileTooLarge` before a byte beyond the limit is written, `StorageFull`."""
        self.size += len(piece)
        if self.size > self.limit:
            raise FileTooLarge(f"At most {self.limit} bytes are accepted here.", limit=self.limit)
        self.digest.update(piece)
        self.text.feed(piece)
        with room():
            view = memoryview(piece)
            while view:
                view = view[self.file.write(view) :]

    def finish(self) -> Stored:
        """Store what was fed and return it. Raises `FileRefused`, `StorageFull`."""
        sha256 = self.digest.hexdigest()
        if self.declared_sha256 not in {"", sha256}:
            raise FileRefused(
                "The bytes do not have the digest that was announced.", code="digest_mismatch", sha256=sha256
            )
        self.text.feed(b"", last=True)
        received = Received(self.file, self.size, self.text.is_text, self.declared_type, self.file_name)
        media_type = judge(received, self.kind) if self.kind.accepts else UNKNOWN
        key = self.kind.key(self.tenant_id, sha256)
        with room():
            os.fsync(self.file.fileno())
            store().adopt(self.path, key)
        return Stored(sha256, self.size, media_type, key, self.file_name)

    def close(self) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def room() -> Iterator[None]:
    """Say "full" where the system says so."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("There is no room for the file; try again later.", retry_after=60) from error
        raise


def receive(
    stream: Readable,
    *,
    kind: Kind,
    tenant_id: UUID,
    limit: int | None = None,
    length: int | None = None,
    declared_sha256: str = "",
    declared_type: str = "",
    file_name: str = "",
) -> Stored:
    """Store a stream and return what it was. The same bytes again change nothing.

    `length` is what the caller announced. Open no transaction around this: a body may take minutes.
    Raises `FileTooLarge`, `FileRefused` (errors name `file` or `file_name`), `UploadIncomplete`, `StorageFull`.
    """
    intake = Intake(
        kind=kind,
        tenant_id=tenant_id,
        limit=limit,
        declared_sha256=declared_sha256,
        declared_type=declared_type,
        file_name=file_name,
    )
    try:
        for piece in pieces_of(stream):
            intake.feed(piece)
        if length is not None and intake.size != length:
            raise UploadIncomplete(f"{length} bytes were announced and {intake.size} came.")
        return intake.finish()
    finally:
        intake.close()


def pieces_of(stream: Readable) -> Iterator[bytes]:
    try:
        while piece := stream.read(PIECE):
            yield piece
    except UnreadablePostError as error:
        raise UploadIncomplete("The connection broke before the body was complete.") from error


def keep(content: bytes, *, kind: Kind, tenant_id: UUID) -> Stored:
    """Store a small content that is in memory already; one that is there already is not written again."""
    sha256 = sha256_hex(content)
    key = kind.key(tenant_id, sha256)
    if not kind.accepts and len(content) <= kind.limit and store().freshen(key, len(content)):
        return Stored(sha256, len(content), UNKNOWN, key)
    intake = Intake(kind=kind, tenant_id=tenant_id)
    try:
        intake.feed(content)
        return intake.finish()
    finally:
        intake.close()
