"""docs/OPERATIONS.md: every command, route, variable and link on the page exists."""

import re

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from common.health.checks import PROBES
from tests.compose import OF_THE_FILE
from tests.servers import ROOT

PAGE = ROOT / "docs" / "OPERATIONS.md"
TEXT = PAGE.read_text()
FAMILIES = ("RETENTION_DAYS_", "REDIS_", "CAPACITY_")
OF_MAKE = {"UPDATE_CAPACITY"}


def test_every_command_on_the_page_exists() -> None:
    named = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert len(named) > 8
    assert named <= set(get_commands())


def test_every_route_on_the_page_exists() -> None:
    routes = set(re.findall(r"`(/(?:health|readyz|metrics)[\w/]*)`", TEXT))
    assert len(routes) > 5
    for route in routes:
        resolve(route)


def test_every_variable_on_the_page_is_one_of_ours() -> None:
    named = {name for name in re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b", TEXT) if not name.startswith(FAMILIES)}
    assert named - set(settings.VARIABLES.declared) - OF_THE_FILE - OF_MAKE == set()


def test_every_component_is_explained() -> None:
    assert [name for name in PROBES if f"| `{name}` |" not in TEXT] == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (PAGE.parent / link).exists()
