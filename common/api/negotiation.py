"""Endpoints that answer with a file have one representation, whatever the caller would prefer."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnyAccept(BaseContentNegotiation):
    """The file is what it is, and its errors are always problems."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], "application/json"

    def select_parser(self, request: Request, parsers: Any) -> Any:
        known = [parser for parser in parsers if parser.media_type == (request.content_type or "").partition(";")[0]]
        return known[0] if known else None
