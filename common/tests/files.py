"""What tests of files share: a kind that takes what people attach, and files made by hand."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from uuid import UUID

from common.files.intake import receive
from common.files.kinds import EVERYDAY, MIB, Kind, Stored

TENANT = UUID(int=7)
OPAQUE = Kind("opaque", limit=512 * MIB, accepts=frozenset())
THINGS = Kind("things", limit=8 * MIB, accepts=EVERYDAY)


def take(content: bytes, *, kind: Kind = THINGS, tenant_id: UUID = TENANT, **declared: str) -> Stored:
    return receive(io.BytesIO(content), kind=kind, tenant_id=tenant_id, **declared)  # type: ignore[arg-type]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 2, height: int = 2, inside: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 14)
    text = chunk(b"tEXt", b"Comment\0" + inside) if inside else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def gif(width: int = 2, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b",\0\0\0\0\2\0\2\0\0\2\2\x84\x51\0\x3b"


def jpeg(width: int = 2, height: int = 2, comment: bytes = b"x") -> bytes:
    app = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    note = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    frame = b"\xff\xc0\0\x0b\x08" + struct.pack(">HH", height, width) + b"\1\1\x11\0"
    return b"\xff\xd8" + app + note + frame + b"\xff\xd9"


def webp(width: int = 2, height: int = 2) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def pdf(inside: bytes = b"") -> bytes:
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type /Catalog " + inside + b">> endobj\n%%EOF\n"


def zipped(*entries: tuple[str, bytes], mode: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return file.getvalue()


def overlapping_zip() -> bytes:
    """Two entries of the directory that point at the same bytes."""
    whole = bytearray(zipped(("a", b"a" * 64), ("b", b"b" * 64)))
    second = whole.rfind(b"PK\x01\x02")
    whole[second + 42 : second + 46] = b"\0\0\0\0"
    return bytes(whole)


def encrypted_zip() -> bytes:
    whole = bytearray(zipped(("a", b"secret")))
    whole[6] |= 1
    whole[whole.find(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def tarred(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname, entry.size = kind, link, size
        archive.addfile(entry, io.BytesIO(b"\0" * size))
    return file.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
