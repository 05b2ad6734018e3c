"""The environment, read with care: a missing or wrong value stops the process with its name and the remedy.

`config/variables.py` says what each variable is for; the settings say its kind and default by reading it. Every reading
is kept, so `manage.py describe_settings` writes the page of both (docs/CONFIGURATION.md). No message holds a value: it
may be a secret.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

NOTSET = environ.Env.NOTSET
TRUE, FALSE = ("1", "true", "yes", "on", "y", "ok", "t"), ("0", "false", "no", "off", "n", "f")
MAKE_A_KEY = 'Make one: python3 -c "import secrets; print(secrets.token_hex(32))"'


@dataclass(frozen=True, slots=True)
class Variable:
    """What a variable is for. `used_by` are the processes that need it; `shown` is the default as people read it."""

    name: str
    purpose: str
    used_by: str = "all"
    secret: bool = False
    least: float | None = None
    remedy: str = ""
    shown: str | None = None
    kind: str = ""
    """for what the settings do not read themselves"""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the settings read a variable."""

    kind: str
    default: Any

    @property
    def required(self) -> bool:
        return self.default is NOTSET


KINDS: Mapping[Any, str] = {bool: "true or false", int: "whole number", float: "number", list: "list, by commas"}


class Environment(environ.Env):  # type: ignore[misc]  # django-environ ships no types
    """django-environ's reader, strict: `tru` is no boolean, an empty value is none, and `$` is an ordinary sign."""

    def __init__(self, declared: Mapping[str, Iterable[Variable]], given: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.sections = {title: list(variables) for title, variables in declared.items()}
        self.declared = {variable.name: variable for some in self.sections.values() for variable in some}
        self.readings: dict[str, Reading] = {}
        if given is not None:
            self.ENVIRON = given

    # --- reading --------------------------------------------------------------------------------------------------
    def get_value(self, var: str, cast: Any = None, default: Any = NOTSET, parse_default: bool = False) -> Any:
        """Read one variable; what django-environ's own methods call. Raises `ImproperlyConfigured`."""
        return self.read(var, default, KINDS.get(cast, "text"), PARSERS.get(cast, str))

    def read(self, name: str, default: Any, kind: str, parse: Callable[[str], Any]) -> Any:
        """Return what `parse` makes of the value, or the default. `parse` raises for what it refuses."""
        self.readings[name] = Reading(kind, default)
        text = self.ENVIRON.get(name, "").strip()
        if not text:
            if default is NOTSET:
                self.refuse(name, "is not set", f"It is a {kind}.")
            return default
        try:
            value = parse(text)
        except Exception:  # whatever it is, its text may hold the value
            value = NOTSET
        if value is NOTSET:
            self.refuse(name, f"is not a {kind}")
        variable = self.declared.get(name)
        if variable and variable.least is not None and value < variable.least:
            self.refuse(name, f"must be {variable.least:g} or more")
        return value

    def refuse(self, name: str, problem: str, more: str = "") -> None:
        """Raise `ImproperlyConfigured` with the name, what is wrong, what it is for, and the remedy."""
        variable = self.declared.get(name)
        words = [f"{name} {problem}.", more, *((variable.purpose, variable.remedy) if variable else ())]
        raise ImproperlyConfigured(" ".join(word for word in words if word)) from None

    def keys(self, name: str, default: Any = NOTSET) -> list[bytes]:
        """Read keys in hex, the newest first."""
        found: list[bytes] = self.read(name, default, "list of keys in hex, by commas", hex_keys)
        return found

    def key(self, name: str, default: Any = NOTSET) -> bytes:
        found: bytes = self.read(name, default, "key in hex", bytes.fromhex)
        return found

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        allowed = list(choices)
        found: str = self.read(name, default, f"word of {', '.join(allowed)}", lambda text: one_of(text, allowed))
        return found

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        found: list[IPv4Network | IPv6Network] = self.read(
            name, [], "list of networks, by commas", lambda text: [ip_network(part.strip()) for part in text.split(",")]
        )
        return found

    def address(self, name: str, *schemes: str, default: Any = NOTSET) -> str:
        """Read a URL with one of `schemes` and a host (or, for a socket, a path)."""
        kind = f"URL ({', '.join(f'{scheme}://' for scheme in schemes)})"
        found: str = self.read(name, default, kind, lambda text: checked_url(text, schemes))
        return found

    def db_url(self, var: str = "DATABASE_URL", default: Any = NOTSET, engine: str | None = None) -> dict[str, Any]:
        """Read the URL of a PostgreSQL database."""
        found: dict[str, Any] = self.read(var, default, "URL (postgresql://)", self.database)
        return found

    def email_url(self, var: str = "EMAIL_URL", default: Any = NOTSET, backend: str | None = None) -> dict[str, Any]:
        found = self.read(var, default, "URL (smtp://, smtp+tls://)", lambda text: self.email_url_config(text, backend))
        return found if isinstance(found, dict) else self.email_url_config(found, backend)

    def database(self, text: str) -> dict[str, Any]:
        checked_url(text, ("postgres", "postgresql"))
        found: dict[str, Any] = self.db_url_config(text)
        if not found["NAME"]:
            raise ValueError("no name of a database")
        return found

    # --- telling --------------------------------------------------------------------------------------------------
    def page(self, base: Path) -> str:
        """Return the reference in Markdown. Paths below `base` are shown without it."""
        lines = [HEAD]
        for title, variables in self.sections.items():
            lines += [
                f"## {title}",
                "",
                "| variable | kind | default | used by | what it does |",
                "|---|---|---|---|---|",
            ]
            lines += [self.row(variable, base) for variable in variables]
            lines.append("")
        return "\n".join(lines)

    def row(self, variable: Variable, base: Path) -> str:
        reading = self.readings.get(variable.name, Reading(variable.kind, variable.shown or ""))
        default = "**must be set**" if reading.required else variable.shown
        shown = said(reading.default, base) if default is None else default
        purpose = f"{variable.purpose} {'**Secret.** ' if variable.secret else ''}{variable.remedy}".strip()
        return f"| `{variable.name}` | {reading.kind} | {shown} | {variable.used_by} | {purpose} |"


def said(default: Any, base: Path) -> str:
    """Return a default as people read it."""
    if isinstance(default, list):
        return ", ".join(f"`{part}`" for part in default)
    if default in ("", b"", {}):
        return ""
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{text.removeprefix(f'{base}/')}`"


def boolean(text: str) -> bool:
    return {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}[text.lower()]


def hex_keys(text: str) -> list[bytes]:
    return [bytes.fromhex(part.strip()) for part in text.split(",") if part.strip()]


def one_of(text: str, allowed: list[str]) -> str:
    return allowed[[word.lower() for word in allowed].index(text.lower())]


def checked_url(text: str, schemes: Iterable[str]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ValueError("another scheme, or no host")
    if parts.port == 0:  # reading it raises for what is no number
        raise ValueError("no port")
    return text


PARSERS: Mapping[Any, Callable[[str], Any]] = {
    bool: boolean,
    int: int,
    float: float,
    list: lambda text: [part.strip() for part in text.split(",") if part.strip()],
}

TABLE = ("| variable | kind | default | used by | what it does |", "|---|---|---|---|---|")
HEAD = """\
# Configuration

Written by `manage.py describe_settings` from the settings; do not edit. Every setting is an environment variable. A
process that lacks one it must have, or finds one that makes no sense, does not start: it says the name and the remedy,
never the value. An empty variable counts as not set. `make run` sets what must be set by itself; an installation of
your own sets it for every process (`docker-compose.yml` shows all of it).
"""
