"""docs/openapi.yaml as something an answer can be held against."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
PREFIX = "/api/v1/"


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(DESCRIPTION.read_text(), Loader=yaml.CSafeLoader)  # a safe one
    return document


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the described operations by method and path, every variable part of it as a star."""
    return {
        (method.upper(), re.sub(r"\{[^}]+\}", "*", path.removeprefix(PREFIX))): operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


@cache
def validator(method: str, path: str, status: int, media_type: str) -> Draft202012Validator | None:
    """Return what judges the body of an answer; None where it has none. Raises `KeyError` for one not described."""
    responses = operations()[method, path]["responses"]
    contents = responses[str(status) if str(status) in responses or status < 400 else "default"].get("content", {})
    if not contents and status == 204:
        return None
    schema = contents[media_type if media_type in contents else "*/*"].get("schema", {})
    return Draft202012Validator({**schema, "components": description()["components"]}, format_checker=FormatChecker())


def faults(method: str, path: str, answer: Any) -> list[str]:
    """Return what of an answer the description does not say."""
    media_type = answer.get("Content-Type", "").partition(";")[0]
    try:
        judge = validator(method, path, answer.status_code, media_type)
    except KeyError as missing:
        return [f"{method} {path}: {answer.status_code} {media_type} is not described ({missing})"]
    if judge is None or not media_type.endswith("json"):
        return []
    return [f"{error.json_path}: {error.message[:200]}" for error in judge.iter_errors(answer.json())]
