"""What bytes are and whether they are taken: judged on the temporary file, before anything is stored."""

import json
import mmap
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from common.files import archives, sniff
from common.files.errors import FileRefused
from common.files.kinds import ARCHIVES, IMAGES, OFFICE, PDF, TEXTS, Kind
from common.files.names import extension

MAX_PIXELS = 100_000_000
LOOK_SECONDS = 30
ZIP_END = 22
ZIP_COMMENT = 65535
PAGE = re.compile(rb"(?i)<script|<html|<!doctype|<svg|<iframe|<\?php")
# Images whose first fields open a comment or an assignment, so that they are scripts too.
SCRIPT_HEADS = (b"GIF89a/*", b"GIF87a/*", b"GIF89a=", b"GIF87a=", b"\xff\xd8\xff\xe0/*", b"\xff\xd8\xff\xe1/*")
# Best effort: a name may hide in a compressed object. That is why no PDF is ever shown by us.
PDF_ACTS = re.compile(rb"/(?:J(?:S|avaScript)|Launch|RichMedia|EmbeddedFiles?|XFA)\b")
PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
# Start-of-frame markers (ITU-T T.81, table B.1).
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that have arrived, and what the caller says of them."""

    file: IO[bytes]
    size: int
    is_text: bool
    declared_type: str
    file_name: str


def judge(received: Received, kind: Kind) -> str:
    """Return the media type of what has arrived. Raises `FileRefused`, with the rule that is broken as its code."""
    received.file.seek(0)
    head = received.file.read(sniff.HEAD)
    media_type = type_of(received, head)
    if media_type == sniff.EXECUTABLE:
        raise FileRefused("Programs are not accepted.", code="file_is_program")
    if media_type not in TEXTS:
        media_type = examine(received, head, media_type)
    if sniff.contradicts(media_type, received.declared_type, extension(received.file_name)):
        raise FileRefused(
            f"The bytes are {media_type}, which is not what the type or the name says.",
            code="file_type_mismatch",
            found=media_type,
        )
    if media_type not in kind.accepts:
        raise FileRefused(f"{media_type} is not accepted here.", code="file_type_refused", found=media_type)
    return media_type


def type_of(received: Received, head: bytes) -> str:
    if received.is_text:
        return sniff.text_type(head, received.declared_type, extension(received.file_name))
    return sniff.signature(head) or sniff.UNKNOWN


def examine(received: Received, head: bytes, media_type: str) -> str:
    """Refuse binary bytes that are two things at once or do something when opened; return the closer type."""
    refuse_hidden_zip(received, media_type)
    if media_type != PDF and b"%PDF-" in head[:1024]:
        raise two_things()
    if media_type in IMAGES:
        examine_image(received, head, media_type)
    elif media_type == PDF:
        examine_pdf(received)
    elif media_type in ARCHIVES:
        return examine_archive(received, media_type)
    return media_type


def two_things() -> FileRefused:
    return FileRefused("The file is of two types at once.", code="file_is_polyglot")


def refuse_hidden_zip(received: Received, media_type: str) -> None:
    """A zip is read from its end, so it can hang on anything."""
    if media_type == "application/zip":
        return
    start = max(0, received.size - ZIP_END - ZIP_COMMENT)
    received.file.seek(start)
    tail = received.file.read(ZIP_END + ZIP_COMMENT)
    at = tail.rfind(b"PK\x05\x06")
    if 0 <= at <= len(tail) - ZIP_END and at + ZIP_END + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
        raise two_things()


def examine_image(received: Received, head: bytes, media_type: str) -> None:
    if found_in(received, PAGE) or head.startswith(SCRIPT_HEADS):
        raise two_things()
    if not ends_as_it_should(received, media_type):
        raise FileRefused("The image is cut short, or something hangs on its end.", code="file_is_polyglot")
    width, height = dimensions(received.file, head, media_type)
    if width * height > MAX_PIXELS:
        raise FileRefused(f"An image has at most {MAX_PIXELS:,} pixels.", code="image_too_large")


def ends_as_it_should(received: Received, media_type: str) -> bool:
    received.file.seek(max(0, received.size - 12))
    end = received.file.read(12)
    if media_type == "image/png":
        return end[4:8] == b"IEND"
    if media_type == "image/webp":
        received.file.seek(4)
        return int.from_bytes(received.file.read(4), "little") + 8 in {received.size, received.size - 1}
    return media_type != "image/gif" or end.endswith(b"\x3b")


def dimensions(file: IO[bytes], head: bytes, media_type: str) -> tuple[int, int]:
    """Return width and height as the header tells them; (0, 0) where it does not."""
    if media_type == "image/png":
        width, height = struct.unpack(">II", head[16:24].ljust(8, b"\0"))
        return width, height
    if media_type == "image/gif":
        width, height = struct.unpack("<HH", head[6:10].ljust(4, b"\0"))
        return width, height
    return webp_dimensions(head) if media_type == "image/webp" else jpeg_dimensions(file)


def webp_dimensions(head: bytes) -> tuple[int, int]:
    """https://developers.google.com/speed/webp/docs/riff_container: three layouts."""
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def jpeg_dimensions(file: IO[bytes]) -> tuple[int, int]:
    """Walk from segment to segment until the frame's header."""
    file.seek(2)
    while (marker := file.read(4)) and len(marker) == 4 and marker[0] == 0xFF:
        if marker[1] in JPEG_FRAMES:
            height, width = struct.unpack(">xHH", file.read(5).ljust(5, b"\0"))
            return width, height
        length = int.from_bytes(marker[2:], "big")
        if length < 2:
            break
        file.seek(length - 2, 1)
    return 0, 0


def examine_pdf(received: Received) -> None:
    if found_in(received, PDF_ACTS) or found_in(received, PDF_ESCAPE, then=PDF_ACTS):
        raise FileRefused("The PDF holds scripts, forms that act, or files.", code="file_is_active")


def found_in(received: Received, pattern: re.Pattern[bytes], *, then: re.Pattern[bytes] | None = None) -> bool:
    """Whether the pattern is in the file, read through the page cache; `then` looks around each find, unescaped."""
    with mmap.mmap(received.file.fileno(), received.size, access=mmap.ACCESS_READ) as view:
        if then is None:
            return pattern.search(view) is not None
        for found in pattern.finditer(view):
            around = view[max(0, found.start() - 40) : found.end() + 40]
            if then.search(pattern.sub(lambda escape: bytes([int(escape.group(1), 16)]), around)):
                return True
        return False


def examine_archive(received: Received, media_type: str) -> str:
    """Have the archive looked into by a process that may not do much; return the type of an office document."""
    received.file.seek(0)
    command = [sys.executable, "-I", "-S", str(Path(archives.__file__)), media_type]
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the file comes as standard input
            command, stdin=received.file, capture_output=True, timeout=LOOK_SECONDS, check=True, env={}
        )
        answer = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise FileRefused("The archive could not be looked into.", code="archive_refused") from error
    if "refused" in answer:
        raise FileRefused(answer["refused"], code="archive_refused")
    return office_type(answer["marks"]) or media_type


def office_type(marks: list[str]) -> str:
    parts = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
    found = [OFFICE[parts[mark]] for mark in marks if mark in parts]
    return found[0] if found and "[Content_Types].xml" in marks else ""
