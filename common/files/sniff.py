"""What bytes are, by themselves: no name and no header of a caller is believed."""

import codecs
import re

from common.files.kinds import OFFICE, PDF, PLAIN, TEXTS

HEAD = 4096
EXECUTABLE = "application/x-executable"
UNKNOWN = "application/octet-stream"
# First bytes (offset, bytes). A type is here because some kind accepts it, or to be refused by its name.
SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBPVP8", "image/webp"),
    (0, b"%PDF-", PDF),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"MZ", EXECUTABLE),
    (0, b"\x7fELF", EXECUTABLE),
    (0, b"\xfe\xed\xfa\xce", EXECUTABLE),
    (0, b"\xfe\xed\xfa\xcf", EXECUTABLE),
    (0, b"\xce\xfa\xed\xfe", EXECUTABLE),
    (0, b"\xcf\xfa\xed\xfe", EXECUTABLE),
    (0, b"\xca\xfe\xba\xbe", EXECUTABLE),
    (0, b"dex\n", EXECUTABLE),
    (0, b"\x00asm", EXECUTABLE),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", EXECUTABLE),
    (0, b"!<arch>\n", EXECUTABLE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
EXTENSIONS = {
    "css": "text/css",
    "csv": "text/csv",
    "diff": "text/x-diff",
    "htm": "text/html",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "log": PLAIN,
    "markdown": "text/markdown",
    "md": "text/markdown",
    "mjs": "text/javascript",
    "patch": "text/x-diff",
    "svg": "image/svg+xml",
    "toml": "application/toml",
    "txt": PLAIN,
    "xhtml": "application/xhtml+xml",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}
BINARY_EXTENSIONS = {
    "bz2": "application/x-bzip2",
    "gif": "image/gif",
    "gz": "application/gzip",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "pdf": PDF,
    "png": "image/png",
    "tar": "application/x-tar",
    "tgz": "application/gzip",
    "webm": "video/webm",
    "webp": "image/webp",
    "xz": "application/x-xz",
    "zip": "application/zip",
} | OFFICE
BINARY = frozenset(BINARY_EXTENSIONS.values())
ALIASES = {
    "application/javascript": "text/javascript",
    "application/x-gzip": "application/gzip",
    "application/x-javascript": "text/javascript",
    "application/x-pdf": PDF,
    "application/x-tgz": "application/gzip",
    "application/x-yaml": "application/yaml",
    "application/x-zip-compressed": "application/zip",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "text/json": "application/json",
    "text/x-markdown": "text/markdown",
    "text/x-patch": "text/x-diff",
    "text/yaml": "application/yaml",
}
SAYS_NOTHING = frozenset(
    {"", UNKNOWN, "application/x-www-form-urlencoded", "binary/octet-stream", "multipart/form-data"}
)
# What makes a browser take text for a page (https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type).
MARKUP = re.compile(
    rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!doctype\s+svg[^>]*>\s*)*"
    rb"<(!doctype\s+html|html|head|body|script|iframe|svg|img|a|br|p|div|font|table|title|style|h1|b|\?xml|!--)[\s>/]"
)
# Bytes that no text has. Bell, backspace and escape are in the output of terminals.
NO_TEXT = re.compile(rb"[\x00-\x06\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def signature(head: bytes) -> str:
    """Return the type of the first bytes, "" for none we know."""
    for offset, marker, media_type in SIGNATURES:
        if head.startswith(marker, offset):
            return media_type if agrees(media_type, head) else ""
    return ""


def agrees(media_type: str, head: bytes) -> bool:
    if media_type == "image/webp":
        return head.startswith(b"RIFF")
    if media_type == "video/webm":
        return b"webm" in head[:64]
    return media_type != "application/x-bzip2" or head[4:10] in {b"1AY&SY", b"\x17rE8P\x90"}


def normal(declared: str) -> str:
    """Return a declared type in its usual spelling, without parameters."""
    bare = declared.partition(";")[0].strip().lower()
    return ALIASES.get(bare, bare)


def markup(head: bytes) -> str:
    """Return the type that a browser would take this text for, "" where it is no page."""
    found = MARKUP.match(head)
    if not found:
        return ""
    tag = found.group(1).lower()
    if tag == b"svg":
        return "image/svg+xml"
    return "application/xml" if tag == b"?xml" else "text/html"


def text_type(head: bytes, declared: str, extension: str) -> str:
    """Return the type of a text. What browsers would run is never called plain."""
    page = markup(head)
    if page:
        return page
    claimed = normal(declared)
    if claimed in TEXTS - {PLAIN}:
        return claimed
    return EXTENSIONS.get(extension, PLAIN)


def contradicts(found: str, declared: str, extension: str) -> bool:
    """Whether header or name promise something else than the bytes are."""
    claimed = normal(declared)
    promised = BINARY_EXTENSIONS.get(extension, "")
    if found in TEXTS:
        says_binary = claimed in BINARY or (claimed not in TEXTS and claimed.startswith(("image/", "audio/", "video/")))
        return bool(promised) or says_binary
    if claimed not in SAYS_NOTHING and not same(claimed, found):
        return True
    return extension in EXTENSIONS or (bool(promised) and not same(promised, found))


def same(claimed: str, found: str) -> bool:
    """Whether a claim fits: an office document is a zip, and may be called one."""
    return claimed == found or (claimed == "application/zip" and found in OFFICE.values())


class TextWatch:
    """Whether a stream is UTF-8 text, told piece by piece."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.is_text = True

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        if not self.is_text:
            return
        try:
            self.decoder.decode(piece, last)
        except UnicodeDecodeError:
            self.is_text = False
            return
        self.is_text = NO_TEXT.search(piece) is None
