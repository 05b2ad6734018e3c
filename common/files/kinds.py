"""Kinds of stored files: where each lives, how large it may be and which types it takes."""

import re
from dataclasses import dataclass
from uuid import UUID

MIB = 1024 * 1024
KEY = re.compile(r"([a-z][a-z_]{0,30})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{2})/(\3[0-9a-f]{62})")

PLAIN = "text/plain"
TEXTS = frozenset(
    {
        PLAIN,
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/markdown",
        "text/xml",
        "text/x-diff",
        "application/json",
        "application/toml",
        "application/xhtml+xml",
        "application/xml",
        "application/yaml",
        "image/svg+xml",
    }
)
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
VIDEOS = frozenset({"video/mp4", "video/webm"})
ARCHIVES = frozenset(
    {"application/zip", "application/gzip", "application/x-bzip2", "application/x-xz", "application/x-tar"}
)
PDF = "application/pdf"
OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EVERYDAY = TEXTS | IMAGES | VIDEOS | ARCHIVES | {PDF} | frozenset(OFFICE.values())
"""what people and agents attach to work"""


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in storage: all that a row keeps of them but the key, which follows from kind, tenant and digest."""

    sha256: str
    size: int
    media_type: str
    key: str
    file_name: str = ""
    """the name as people may see it; no path was ever made of it"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind is declared by the app that owns its rows. `name` is the first part of its keys and never changes.

    `accepts` are the media types it takes; none at all means that its bytes mean nothing to us and are not judged.
    """

    name: str
    limit: int
    accepts: frozenset[str]

    def key(self, tenant_id: UUID, sha256: str) -> str:
        """Return where the bytes are kept. The tenant is part of it: equal bytes of two tenants never meet."""
        return checked(f"{self.name}/{tenant_id}/{sha256[:2]}/{sha256}")

    def stored(self, *, tenant_id: UUID, sha256: str, size: int, media_type: str, file_name: str = "") -> Stored:
        """Return what a row describes."""
        return Stored(sha256, size, media_type, self.key(tenant_id, sha256), file_name)


def checked(key: str) -> str:
    """Return the key; raises ValueError for anything that is none."""
    if not KEY.fullmatch(key):
        raise ValueError("not a key of stored bytes")
    return key


def digest_of(key: str) -> str:
    return checked(key).rpartition("/")[2]
