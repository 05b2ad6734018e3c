"""docker-compose.yml as Compose reads it: merged, with its variables filled in."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"
DEVELOPMENT = ROOT / "deploy" / "development.env"
# What Compose asks for beside the settings of the product: passwords that become part of addresses, and its own knobs.
OF_THE_FILE = {"APP_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "SETUP_OPTIONS"}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class NotSetError(ValueError):
    """Compose would refuse with these words."""


def text() -> str:
    return FILE.read_text()


def filled(raw: str, given: Mapping[str, str]) -> str:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?words}`. Raises `NotSetError`."""

    def value(match: re.Match[str]) -> str:
        found = given.get(match["name"], "")
        if not found and match["kind"] == "?":
            raise NotSetError(match["rest"])
        return found or (match["rest"] if match["kind"] == "-" else "")

    return VARIABLE.sub(value, raw)


def read(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the whole document, filled in value by value."""
    document: dict[str, Any] = in_values(yaml.safe_load(text()), given)
    return document


def in_values(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: in_values(one, given) for name, one in value.items()}
    if isinstance(value, list):
        return [in_values(one, given) for one in value]
    return filled(value, given) if isinstance(value, str) else value


def development() -> dict[str, str]:
    """Return the values for a try on one machine."""
    lines = [line for line in DEVELOPMENT.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def schema() -> dict[str, Any]:
    """Return the JSON schema of the Compose specification, as check-jsonschema carries it."""
    path = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def in_order(services: Mapping[str, Any]) -> list[str]:
    """Return the services in an order in which each comes after what it depends on."""
    order: list[str] = []
    while len(order) < len(services):
        ready = [
            name for name, one in services.items() if name not in order and set(one.get("depends_on", ())) <= set(order)
        ]
        if not ready:
            raise ValueError("services wait for each other")
        order += ready
    return order
