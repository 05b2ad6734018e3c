"""The environment: every variable is declared, told on one page, and stops the process when it makes no sense."""

import ast
import os
import re
import runpy
import traceback
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from common.configuration import Environment, Variable
from common.retention import KINDS
from config.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "CONFIGURATION.md"
SECRET = "hunter2"
# Read by programs, not by us: where they are, who runs them.
OF_THE_MACHINE = {"PATH", "HOME", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER"}


def load(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> dict[str, Any]:
    """Run the settings with a changed environment."""
    for name, value in changes.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def complaint(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        load(monkeypatch, **changes)
    # What a process that does not start leaves on the console.
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


REQUIRED = (
    "SECRET_KEY",
    "DATABASE_URL",
    "CONTEXT_KEY",
    "LEASE_KEY",
    "FIELD_KEYS",
    "REDIS_CACHE_URL",
    "REDIS_BROKER_URL",
    "REDIS_CHANNELS_URL",
)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_must_be_set_is_asked_for_by_name_and_purpose(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    told = complaint(monkeypatch, **{name: value})
    assert told.startswith(f"{name} is not set. ")
    assert settings.VARIABLES.declared[name].purpose in told


WRONG = {
    "DEBUG": ["tru", SECRET],
    "DB_POOL_SIZE": ["many", "1", "-3"],
    "SEAL_SECONDS": ["soon", "-1"],
    "CONTEXT_KEY": [SECRET, "00,xyz"],
    "FIELD_KEYS": [SECRET],
    "LOG_KEY": [SECRET],
    "DATABASE_URL": [
        f"mysql://u:{SECRET}@h/d",
        f"postgresql://u:{SECRET}@h",
        f"postgresql://u:{SECRET}@h:port/d",
        SECRET,
    ],
    "DATABASE_OWNER_URL": [f"http://u:{SECRET}@h/d"],
    "REDIS_BROKER_URL": [f"http://:{SECRET}@h/0", SECRET, f"redis://:{SECRET}@h:port/0"],
    "PUBLIC_URL": ["product.example", "ftp://product.example"],
    "OPENAI_BASE_URL": ["file:///etc/passwd"],
    "WEBHOOK_ALLOWED_NETWORKS": ["10.0.0.0/33"],
    "LOG_LEVEL": ["LOUD"],
    "LOG_FORMAT": ["yaml"],
    "API_LIMIT_PER_MINUTE": ["0"],
    "RETENTION_DAYS_ACTIVITY": ["-1"],
    "BACKUP_HOUR": ["24", "-1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_stops_the_start_and_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert complaint(monkeypatch, **{name: value}).startswith(name)


def test_ordinary_values_are_read_as_they_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    given = load(
        monkeypatch,
        SECRET_KEY="$not-another-variable",
        DEBUG="Yes",
        BEHIND_PROXY="",
        LOG_LEVEL="warning",
        FIELD_KEYS="aa, bb",
        ALLOWED_HOSTS="a.example, b.example",
        REDIS_CACHE_URL="rediss://:p%40ss@host:6380/0?ssl_ca_certs=/etc/ca.pem",
    )
    assert given["SECRET_KEY"] == "$not-another-variable"
    assert (given["DEBUG"], given["BEHIND_PROXY"]) == (True, False)
    assert given["FIELD_KEYS"] == [b"\xaa", b"\xbb"]
    assert given["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert given["LOGGING"]["root"]["level"] == "WARNING"


# --- one place --------------------------------------------------------------------------------------------------------
def test_every_variable_that_is_read_is_declared_and_the_other_way_round() -> None:
    declared, read = set(settings.VARIABLES.declared), set(settings.VARIABLES.readings)
    assert read - declared == set(), "declare it in config/variables.py, then write docs/CONFIGURATION.md anew"
    of_programs = {
        variable.name for variable in VARIABLES["The embedded servers and `make` (not read by the settings)"]
    }
    assert declared - read == of_programs


def test_what_reads_the_environment_by_itself_is_declared_too() -> None:
    names = set()
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in (".venv", ".data", "tests") and "tests" not in parts:
            names |= read_by(path)
    assert names - set(settings.VARIABLES.declared) - OF_THE_MACHINE == set()


def read_by(path: Path) -> set[str]:
    """Return the names that a file looks up in os.environ."""
    found = re.findall(r"""environ(?:\.get\(|\[|\.pop\(|\.setdefault\()\s*["'](\w+)["']""", path.read_text())
    return set(found)


def test_each_declaration_has_a_purpose_and_no_default_gives_a_secret_away() -> None:
    for name, variable in settings.VARIABLES.declared.items():
        assert variable.purpose, name
        reading = settings.VARIABLES.readings.get(name)
        if variable.secret and reading:
            assert reading.required or not reading.default or "mail://" in reading.default, name
    words = re.compile(r"(_KEY|_KEYS|PASSWORD|TOKEN|SECRET_\w+|^REDIS_\w+_URL|^DATABASE_\w*URL)$")
    unmarked = [name for name, one in settings.VARIABLES.declared.items() if words.search(name) and not one.secret]
    assert unmarked == ["RETENTION_DAYS_IDEMPOTENCY_KEYS"]  # a number of days


def test_each_kind_that_ages_has_its_variable() -> None:
    assert {f"RETENTION_DAYS_{kind.upper()}" for kind in KINDS} <= set(settings.VARIABLES.declared)


def test_the_page_is_that_of_the_settings() -> None:
    page = settings.VARIABLES.page(ROOT)
    if os.environ.get("UPDATE_CONFIGURATION"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page, "manage.py describe_settings > docs/CONFIGURATION.md"
    assert str(ROOT) not in page


def test_settings_take_nothing_from_the_environment_behind_its_back() -> None:
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]


def test_the_reader_tells_what_it_expects() -> None:
    variable = Variable("SIZE", "How much.", least=2, remedy="Try 4.")
    with pytest.raises(ImproperlyConfigured, match=r"SIZE is not a whole number\. How much\. Try 4\."):
        Environment({"x": [variable]}, {"SIZE": "big"}).int("SIZE")
    with pytest.raises(ImproperlyConfigured, match=r"SIZE must be 2 or more\."):
        Environment({"x": [variable]}, {"SIZE": "1"}).int("SIZE")
    assert Environment({"x": [variable]}, {"SIZE": "4"}).int("SIZE") == 4
