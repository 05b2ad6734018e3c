"""docs/LICENCES.md: what the packages say, and nothing that an installation could not live with."""

import os
import re
import sys

import pytest

from common.upkeep import licences
from common.upkeep.licences import dependencies, licence_of, page
from tests.servers import ROOT

PAGE = ROOT / "docs" / "LICENCES.md"
# What may be part of an installation: permissive licences, and weak copyleft for libraries that we do not change.
ALLOWED = re.compile(r"MIT|BSD|Apache|PSF|MPL|Mozilla|ISC|LGPL|ZPL|PostgreSQL|Unlicense|0BSD|Python", re.I)
REFUSED = re.compile(r"(?<!L)GPL|AGPL|SSPL|RSAL|BUSL|Commons Clause|unknown|Proprietary", re.I)

only_here = pytest.mark.skipif(sys.platform != "linux", reason="the page lists the packages of Linux")


@only_here
def test_the_page_says_what_the_packages_say() -> None:
    written = page(ROOT)
    if os.environ.get("UPDATE_LICENCES"):
        PAGE.write_text(written)
    assert PAGE.read_text() == written, "manage.py describe_licences > docs/LICENCES.md"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_licence_is_known_and_allowed(name: str) -> None:
    found = list(dependencies(ROOT / name))
    assert len(found) > 30
    assert [one for one in found if REFUSED.search(one.licence) or not ALLOWED.search(one.licence)] == []


def test_a_package_that_says_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(dict[str, str]):
        def get_all(self, name: str, default: list[str]) -> list[str]:
            return default

        def __missing__(self, name: str) -> None:
            return None

    monkeypatch.setattr(licences, "metadata", lambda name: Silent())
    assert licence_of("django") == "unknown"
    assert REFUSED.search("unknown")
    assert REFUSED.search("AGPL-3.0-only")
    assert not REFUSED.search("LGPL-3.0-only")
