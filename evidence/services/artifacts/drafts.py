"""What somebody hands in, checked and measured: the values of a row that is yet to be made."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785

from common.errors import Invalid
from common.files.kinds import TEXTS, Stored
from common.ids import sha256_hex
from evidence.services.artifacts.schemas import check_content
from evidence.services.artifacts.tokens import estimate_tokens

MAX_TEXT = 1024 * 1024
"""bytes of text in a row; more is handed in as a file"""
MAX_PATH = 300
"""leaves room for the numbers and keys of parts"""
JSON_TYPE = "application/json"
MARKDOWN = "text/markdown"
TEXT_TYPES = sorted(TEXTS - {JSON_TYPE})
"""what a text in a row may be"""
STEP = r"\.?\w(?:[\w .+@()-]*[\w+@()-])?"
PATH = re.compile(rf"{STEP}(?:/{STEP})*", re.ASCII)
"""steps that every system can write as the name of a file, and that lead nowhere else"""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it: a person, or an agent, which names its run."""

    user_id: UUID | None = None
    agent_id: UUID | None = None
    execution_id: UUID | None = None

    def values(self) -> Values:
        return {
            "created_by_id": self.user_id,
            "source_agent_id": self.agent_id,
            "source_execution_id": self.execution_id,
        }


def check_path(path: str, *, longest: int = MAX_PATH) -> str:
    """Return the path. Raises `Invalid` for one that could not be a file's."""
    if len(path) > longest or not PATH.fullmatch(path):
        raise Invalid(
            "A path is names joined by slashes: letters of ASCII, digits, _ and inside also . + - @ ( ) and spaces.",
            code="bad_path",
            errors={"path": [f"Not a path, or longer than {longest} characters."]},
        )
    return path


def body_of(artifact_type: str, *, content: Values | None = None, text: str = "", media_type: str = "") -> Values:
    """Return the values of a body in the row: JSON, or text, or text with facts about it as JSON.

    Raises `Invalid` for nothing at all, too much text, or JSON that is not what the type says.
    """
    if content:
        check_content(artifact_type, content)
    elif not text:
        raise Invalid("Give content or text.", errors={"content": ["Empty, and there is no text either."]})
    return part_body(content=content, text=text, media_type=media_type)


def part_body(*, content: Values | None = None, text: str = "", media_type: str = "") -> Values:
    """The same for a part of a document, which has no schema of its own."""
    facts = content or {}
    digest = content_digest(facts, text)
    words = text or json.dumps(facts, indent=1, ensure_ascii=False)
    if len(words.encode()) > MAX_TEXT:
        raise Invalid(
            f"A row holds at most {MAX_TEXT} bytes of text; upload a file instead.",
            code="content_too_large",
            errors={"text" if text else "content": ["Too long."]},
        )
    return {
        "content": facts,
        "content_text": words,
        "content_sha256": digest,
        "media_type": media_type or (MARKDOWN if text else JSON_TYPE),
        "token_estimate": estimate_tokens(words),
    }


def content_digest(content: Values, text: str) -> str:
    """Return SHA-256 over the canonical JSON (RFC 8785) of both. Raises `Invalid` where there is none."""
    try:
        return sha256_hex(rfc8785.dumps({"content": content, "text": text}))
    except rfc8785.CanonicalizationError as error:
        raise Invalid("The content has no canonical form (RFC 8785).", errors={"content": [str(error)]}) from error


def file_body(stored: Stored, text: str) -> Values:
    """Return the values of a body in storage; `text` is what of it can be read, searched and given to agents."""
    return {
        "content": {},
        "content_text": text,
        "content_sha256": stored.sha256,
        "media_type": stored.media_type,
        "file_sha256": stored.sha256,
        "file_size": stored.size,
        "token_estimate": estimate_tokens(text),
    }
