"""Giving bytes out: checked while they flow, and inert in every browser."""

import hashlib
import logging
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

from common.api.ranges import ByteRange, parse_range
from common.api.streams import streamed
from common.files.errors import FileDamaged
from common.files.kinds import IMAGES, PLAIN, Stored, digest_of
from common.files.sniff import UNKNOWN
from common.files.storage import store

logger = logging.getLogger("countermark.files")
INERT = {PLAIN: "text/plain; charset=utf-8"} | {image: image for image in IMAGES}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Each use is asked for again: rights may have been taken away since.
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}


def open_stored(key: str, size: int, part: ByteRange | None = None) -> Iterator[bytes]:
    """Return the bytes of a key in pieces, all or a part.

    Raises `FileDamaged` at once where the size is wrong, and before the last piece where the whole has another digest.
    """
    try:
        found = store().size(key)
    except FileNotFoundError as error:
        raise damaged(key, "is missing") from error
    if found != size:
        raise damaged(key, f"has {found} bytes instead of {size}")
    asked = part or ByteRange(0, size)
    if asked == ByteRange(0, size):
        return verified(key, size)
    return store().pieces(key, asked.start, asked.end)


def verified(key: str, size: int) -> Iterator[bytes]:
    """Yield the whole. The last piece is held back until the digest is known, so nobody gets it all and wrong."""
    digest = hashlib.sha256()
    held = b""
    for piece in store().pieces(key, 0, size):
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != digest_of(key):
        raise damaged(key, "has other bytes than were stored")
    if held:
        yield held


def damaged(key: str, what: str) -> FileDamaged:
    logger.error("stored file damaged", extra={"key": key, "what": what})
    return FileDamaged("The stored bytes are missing or damaged; an operator has to restore them.")


def read_stored(stored: Stored) -> bytes:
    """Return a small file whole. Raises `FileDamaged`."""
    return b"".join(open_stored(stored.key, stored.size))


def inert_response(request: HttpRequest, stored: Stored, name: str = "") -> HttpResponseBase:
    """Return the file, or the range that is asked for, to be saved and never shown as a page of ours.

    Raises `RangeNotSatisfiable`, `FileDamaged`.
    """
    etag = f'"{stored.sha256}"'
    if matches(request.headers.get("If-None-Match", ""), etag):
        return with_headers(HttpResponse(status=304), etag)
    asked = None
    if request.headers.get("If-Range", etag) == etag:
        asked = parse_range(request.headers.get("Range"), stored.size)
    part = asked or ByteRange(0, stored.size)
    response = StreamingHttpResponse(
        streamed(request, open_stored(stored.key, stored.size, part)),
        status=206 if asked else 200,
        content_type=INERT.get(stored.media_type, UNKNOWN),
    )
    response["Content-Length"] = str(part.end - part.start)
    response["Content-Disposition"] = (
        content_disposition_header(True, name or stored.file_name or "file") or "attachment"
    )
    if asked:
        response["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{stored.size}"
    return with_headers(response, etag)


def matches(header: str, etag: str) -> bool:
    return any(tag.removeprefix("W/") in {"*", etag} for tag in parse_etags(header))


def with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response[name] = value
    response["ETag"] = etag
    return response
