"""The worker's TOML file: which commands exist, how each is run, and within which limits.

The server only names a command; what is executed is written here, by whoever runs the worker.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agents.worker.errors import ConfigError

ParameterKind = Literal["paths", "choice"]
# The token's own name space: a configured environment must not bring it back in.
PRIVATE_PREFIX = "COUNTERMARK_"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A hole in an argv that the task may fill with checked values."""

    name: str
    kind: ParameterKind
    default: tuple[str, ...]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One named thing this worker knows how to do."""

    name: str
    argv: tuple[str, ...]
    tool: str
    version: tuple[str, ...]
    source_type: str
    time_limit: int
    output_limit: int
    environment: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    approval: bool
    preview: tuple[str, ...]
    commit_message: str


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Everything but the URL and the token."""

    name: str
    projects: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    lease_seconds: int = 60
    scratch: Path | None = None
    evidence_bytes: int = 100_000
    environment: Mapping[str, str] = field(default_factory=dict)
    git_environment: Mapping[str, str] = field(default_factory=dict)
    author_name: str = "Countermark worker"
    author_email: str = "worker@countermark.invalid"
    commands: Mapping[str, Command] = field(default_factory=dict)


def load_config(path: Path) -> WorkerConfig:
    """Read and check the file; every complaint names the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return parse_config(document)


def parse_config(document: Mapping[str, object]) -> WorkerConfig:
    """The document's tables `worker` and `commands`."""
    root = _Table("", document)
    worker = root.table("worker")
    commands = {name: _command(root.table("commands").table(name)) for name in root.table("commands").keys}
    root.done()
    config = _worker(worker, commands)
    worker.done()
    return config


def _worker(table: "_Table", commands: Mapping[str, Command]) -> WorkerConfig:
    scratch = table.text("scratch", "")
    return WorkerConfig(
        name=table.text("name", "worker"),
        projects=table.texts("projects", ()),
        capabilities=table.texts("capabilities", ()),
        repositories=table.texts("repositories", ()),
        lease_seconds=table.integer("lease_seconds", 60, low=5, high=3600),
        scratch=Path(scratch) if scratch else None,
        evidence_bytes=table.integer("evidence_bytes", 100_000, low=1_000, high=150_000),
        environment=table.environment("environment"),
        git_environment=table.environment("git_environment"),
        author_name=table.text("author_name", "Countermark worker"),
        author_email=table.text("author_email", "worker@countermark.invalid"),
        commands=commands,
    )


def _command(table: "_Table") -> Command:
    argv = table.texts("argv")
    if not argv:
        raise ConfigError(f"{table.label('argv')} must not be empty")
    parameters = table.table("parameters")
    command = Command(
        name=table.name,
        argv=argv,
        tool=table.text("tool", argv[0]),
        version=table.texts("version", (argv[0], "--version")),
        source_type=table.text("source_type", "custom"),
        time_limit=table.integer("time_limit", 600, low=1, high=86_400),
        output_limit=table.integer("output_limit", 16_000_000, low=1_000, high=1_000_000_000),
        environment=table.environment("environment"),
        parameters={name: _parameter(parameters.table(name)) for name in parameters.keys},
        approval=table.flag("approval"),
        preview=table.texts("preview", ()),
        commit_message=table.text("commit_message", f"Apply {table.name}"),
    )
    table.done()
    return _checked(command, table)


def _checked(command: Command, table: "_Table") -> Command:
    if command.approval and not command.preview:
        raise ConfigError(f"{table.label('preview')} is needed: without it nobody can say what is approved")
    for item in (*command.argv, *command.preview):
        if item.startswith("{") and item.endswith("}") and item[1:-1] not in command.parameters:
            raise ConfigError(f"{table.label('argv')} names the parameter {item}, which is not declared")
    return command


def _parameter(table: "_Table") -> Parameter:
    kind = table.text("kind", "paths")
    choices = table.texts("choices", ())
    default = table.texts("default", ())
    table.done()
    if kind == "paths":
        return Parameter(table.name, "paths", default)
    if kind == "choice" and choices:
        return Parameter(table.name, "choice", default, choices)
    raise ConfigError(f"{table.label('kind')} must be 'paths', or 'choice' with choices")


class _Table:
    """A TOML table that knows where it stands and which of its keys were read."""

    def __init__(self, path: str, values: Mapping[str, object]) -> None:
        self._path = path
        self._values = values
        self._read: set[str] = set()

    @property
    def name(self) -> str:
        return self._path.rpartition(".")[2]

    @property
    def keys(self) -> list[str]:
        return list(self._values)

    def label(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, default: object) -> object:
        self._read.add(key)
        return self._values.get(key, default)

    def table(self, key: str) -> "_Table":
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise ConfigError(f"{self.label(key)} must be a table")
        return _Table(self.label(key), value)

    def text(self, key: str, default: str) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise ConfigError(f"{self.label(key)} must be a string")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{self.label(key)} must be a list of strings")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise ConfigError(f"{self.label(key)} must be true or false")
        return value

    def integer(self, key: str, default: int, *, low: int, high: int) -> int:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ConfigError(f"{self.label(key)} must be a whole number from {low} to {high}")
        return value

    def environment(self, key: str) -> dict[str, str]:
        table = self.table(key)
        if any(name.upper().startswith(PRIVATE_PREFIX) for name in table.keys):
            raise ConfigError(f"{table._path}: names starting with {PRIVATE_PREFIX} never reach a command")
        return {name: table.text(name, "") for name in table.keys}

    def done(self) -> None:
        """Refuse what nobody read: a misspelt key must not pass in silence."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise ConfigError(f"unknown key {self.label(unknown[0])}")
