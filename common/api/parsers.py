"""Strict JSON: what PostgreSQL cannot store or nobody means is refused by name, not mangled."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32


def check(value: Any, depth: int = 0) -> None:
    """Raise `ParseError` for nesting beyond 32 levels or a NUL character anywhere."""
    if depth > MAX_DEPTH:
        raise ParseError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str) and "\x00" in value:
        raise ParseError("A string holds the character NUL (U+0000), which cannot be stored.")
    if isinstance(value, dict):
        for name, inner in value.items():
            check(name, depth)
            check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check(inner, depth + 1)


class StrictJSONParser(BaseParser):
    """Parse RFC 8259 JSON: UTF-8 only, no NaN, no lone surrogates, bounded depth."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read()
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error.msg} at byte {error.pos}.") from error
        check(value)
        return value


class RawParser(BaseParser):
    """Bytes as they are; the base view has read them, within the endpoint's limit."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return stream.read()
