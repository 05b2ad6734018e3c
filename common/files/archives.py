"""Look into an archive without unpacking it to anywhere. A program of its own: `python -I -S archives.py KIND < FILE`.

It runs with little memory, little time and nothing of ours, because what it reads was made by a stranger. It prints one
JSON object: `{"refused": "why"}` or `{"entries": 3, "marks": [...]}`.
"""

import bz2
import gzip
import json
import lzma
import re
import resource
import stat
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from typing import IO, Any, cast

MAX_ENTRIES = 10_000
MAX_TOTAL = 1024**3
MAX_RATIO = 100
FREE = 1024**2
"""so much may come out of however little"""
PIECE = 65536
MEMORY = 512 * 1024**2
SECONDS = 20
ARCHIVE = re.compile(r"(?i)\.(zip|jar|war|whl|gz|tgz|bz2|xz|zst|7z|rar|tar|cab|iso)$")
HEADS = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
MARKS = ("[Content_Types].xml", "word/document.xml", "xl/workbook.xml", "ppt/presentation.xml")
UNPACKERS: dict[str, Any] = {
    "application/gzip": gzip.open,
    "application/x-bzip2": bz2.open,
    "application/x-xz": lzma.open,
}


class Refused(Exception):
    pass


class Counted:
    """A reader that stops when more comes out than the archive is worth."""

    def __init__(self, source: Any, packed: int) -> None:
        self.source = source
        self.most = min(MAX_TOTAL, max(packed * MAX_RATIO, FREE))
        self.count = 0

    def read(self, size: int = PIECE) -> bytes:
        piece: bytes = self.source.read(size)
        self.count += len(piece)
        if self.count > self.most:
            raise Refused(f"It unpacks to more than {MAX_RATIO} times its size, or to more than 1 GiB.")
        return piece

    def drain(self) -> None:
        while self.read(PIECE):
            pass


def check_name(name: str) -> None:
    parts = name.split("/")
    if name.startswith(("/", "~")) or "\\" in name or "\0" in name or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise Refused("An entry's name leads out of the archive.")
    if ARCHIVE.search(name):
        raise Refused("It holds another archive.")
    if name.lower().endswith("vbaproject.bin"):
        raise Refused("It holds macros.")


def check_count(count: int) -> None:
    if count > MAX_ENTRIES:
        raise Refused(f"It has more than {MAX_ENTRIES} entries.")


def look_into_zip(file: IO[bytes], packed: int) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        check_count(len(entries))
        check_layout(entries)
        total = Counted(None, packed)
        for entry in entries:
            check_name(entry.orig_filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.flag_bits & 1:
                raise Refused("It is encrypted, so nobody can look into it.")
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise Refused("It holds a link or a device.")
            with archive.open(entry) as total.source:
                total.drain()
        names = {entry.filename for entry in entries}
        return {"entries": len(entries), "marks": [mark for mark in MARKS if mark in names]}


def check_layout(entries: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: the trick behind bombs without a ratio per entry."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < end:
            raise Refused("Its entries overlap.")
        end = entry.header_offset + 30 + len(entry.filename) + entry.compress_size


def look_into_tar(file: Any) -> dict[str, Any]:
    count = total = 0
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            count += 1
            total += member.size
            check_count(count)
            check_name(member.name)
            if total > MAX_TOTAL:
                raise Refused("It unpacks to more than 1 GiB.")
            if not (member.isreg() or member.isdir()):
                raise Refused("It holds a link or a device.")
    return {"entries": count, "marks": []}


def look_into_packed(kind: str, file: IO[bytes], packed: int) -> dict[str, Any]:
    head = Counted(UNPACKERS[kind](file), packed).read(512)
    if head.startswith(HEADS):
        raise Refused("It holds another archive.")
    file.seek(0)
    unpacked = Counted(UNPACKERS[kind](file), packed)
    if head[257:262] == b"ustar":
        found = look_into_tar(unpacked)
        unpacked.drain()
        return found
    unpacked.drain()
    return {"entries": 1, "marks": []}


def look(kind: str, file: IO[bytes], packed: int) -> dict[str, Any]:
    if kind == "application/zip":
        return look_into_zip(file, packed)
    return look_into_tar(file) if kind == "application/x-tar" else look_into_packed(kind, file, packed)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    file = cast(IO[bytes], sys.stdin.buffer)
    packed = file.seek(0, 2)
    file.seek(0)
    try:
        answer = look(sys.argv[1], file, packed)
    except Refused as refusal:
        answer = {"refused": str(refusal)}
    except Exception as error:  # whatever a stranger's bytes make the library say
        answer = {"refused": f"It is not a readable archive ({type(error).__name__})."}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
