"""No secret in a line, a span or a metric: by the name of a field, and by the look of a text.

A name is taken word by word, so `session_key` is a secret and `author`, `monkey` or `input_tokens` are not. A number is
never one. Text is searched for what looks like a credential wherever it stands: in messages, addresses and tracebacks.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

MASK = "***"
LONGEST = 8_000
"""characters of one text"""
DEEPEST = 5
"""levels of nested values"""

SECRET_WORDS = frozenset(
    {
        *("password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "otp", "totp", "dsn"),
        *("authorization", "cookie", "sessionid", "csrf", "ticket"),
    }
)
# A bare `key` names a cache entry or a project as often as a secret; with one of these before it, it is one.
KEYS = frozenset(
    {
        *("api", "private", "access", "secret", "signing", "encryption", "ssh", "recovery"),
        *("field", "context", "lease", "session", "log"),
    }
)
PERSONAL = frozenset({"email", "mail", "username"})

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# One look that spares most texts the many.
SUSPECT = re.compile(r"[@/=]|cmk_|whsec_|eyJ|-----BEGIN|bearer|basic", re.I)
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
RULES = [
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", MASK, re.S),
        (r"\b(cmk_|whsec_)[\w+/=-]+", rf"\1{MASK}", 0),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", MASK, 0),  # a JSON web token
        (r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", rf"\1 {MASK}", re.I),
        (r"://[^\s/@]+@", f"://{MASK}@", 0),  # name and password in an address
        (r"([?&](?:ticket|token|code|key|state|sig|signature|secret|password)=)[^&\s\"']+", rf"\1{MASK}", re.I),
        (r"\b((?:password|passwd|secret|token|ticket|api_?key)=)[^&\s\"']+", rf"\1{MASK}", re.I),
        (r"\b([A-Za-z0-9])[\w.%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", rf"\1{MASK}@\2", 0),
        # A long opaque part of a path: the link of an invitation or of a password reset.
        (rf"(?<=/)(?!{UUID}(?![\w-]))(?:[\w:=~-]{{32,}}|(?=[\w:=~-]*\d)[\w:=~-]{{20,}})(?=[/?#\s\"']|$)", MASK, 0),
    )
]


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    words = [word.lower().removesuffix("s") for word in WORDS.findall(name)]
    if any(word in SECRET_WORDS for word in words) or words[-1:] == ["session"]:
        return True
    return any(first in KEYS and second == "key" for first, second in pairwise(words))


def is_personal(name: str) -> bool:
    """Whether a field of this name holds what only its beginning may be shown of."""
    words = WORDS.findall(name)
    return bool(words) and words[-1].lower() in PERSONAL


def clean(name: str, value: Any, depth: int = 0) -> Any:
    """Return the value of a field as it may be shown: masked, shortened, made of plain JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret(name):
        return MASK if value else value
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(name, inner, depth + 1) for inner in value]
    text = clean_text(str(value))
    if is_personal(name) and text:
        _, at, domain = text.partition("@")
        return f"{text[0]}{MASK}{at}{domain}"
    return text


def clean_text(text: str) -> str:
    """Return a text without what looks like a credential or an address of a person, on lines of its own only."""
    if not text.isprintable():
        text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if SUSPECT.search(text):
        for pattern, replacement in RULES:
            text = pattern.sub(replacement, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
