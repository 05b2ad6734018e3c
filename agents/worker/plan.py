"""From the names and values in a task's input to argv lists of this worker's own configuration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.worker.config import Command, Parameter
from agents.worker.errors import RefusedError
from agents.worker.protocol import Claim

MOST_STEPS = 10
MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One command with every hole filled."""

    command: Command
    argv: tuple[str, ...]
    preview: tuple[str, ...]


def plan_steps(claim: Claim, commands: Mapping[str, Command], root: Path) -> list[Step]:
    """What to run, in order. RefusedError if the task asks for something this worker does not offer."""
    return [_step(claim, _known(name, commands), root) for name in _names(claim)]


def _names(claim: Claim) -> list[str]:
    given = claim.input.get("commands", claim.input.get("command", claim.type))
    names = _strings(given)
    if not names or len(names) > MOST_STEPS:
        raise RefusedError(f"the task's input must name its commands by one to {MOST_STEPS} strings")
    return names


def _strings(given: object) -> list[str] | None:
    """A string or a list of them, as a list; None if it is anything else."""
    values = given if isinstance(given, list) else [given]
    strings = [value for value in values if isinstance(value, str)]
    return strings if len(strings) == len(values) else None


def _known(name: str, commands: Mapping[str, Command]) -> Command:
    if name not in commands:
        known = ", ".join(sorted(commands)) or "none"
        raise RefusedError(f"this worker has no command {name!r} (it knows: {known})")
    return commands[name]


def _step(claim: Claim, command: Command, root: Path) -> Step:
    values = {name: _values(parameter, claim.input.get(name), root) for name, parameter in command.parameters.items()}
    return Step(command, _filled(command.argv, values), _filled(command.preview, values))


def _filled(argv: Iterable[str], values: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """An argument that is exactly "{name}" stands for all values of that parameter."""
    filled: list[str] = []
    for argument in argv:
        filled.extend(values.get(argument[1:-1], (argument,)) if argument.startswith("{") else (argument,))
    return tuple(filled)


def _values(parameter: Parameter, given: object, root: Path) -> tuple[str, ...]:
    if given is None:
        return parameter.default
    values = _strings(given)
    if values is None or len(values) > MOST_VALUES:
        raise RefusedError(f"{parameter.name} must be a string or a list of at most {MOST_VALUES} strings")
    check = _checked_path if parameter.kind == "paths" else _checked_choice
    return tuple(check(parameter, value, root) for value in values)


def _checked_choice(parameter: Parameter, value: str, root: Path) -> str:
    if value not in parameter.choices:
        raise RefusedError(f"{parameter.name} may not be {value!r}; it is one of {', '.join(parameter.choices)}")
    return value


def _checked_path(parameter: Parameter, value: str, root: Path) -> str:
    """Relative, inside the clone even after symbolic links, there, and no option in disguise."""
    if not value or value.startswith("-") or any(ord(character) < 32 for character in value):
        raise RefusedError(f"{parameter.name}: {value!r} is not a path")
    if Path(value).is_absolute() or ".." in Path(value).parts:
        raise RefusedError(f"{parameter.name}: {value!r} leads out of the working copy")
    target = (root / value).resolve()
    if not target.is_relative_to(root.resolve()):
        raise RefusedError(f"{parameter.name}: {value!r} leads out of the working copy")
    if not target.exists():
        raise RefusedError(f"{parameter.name}: {value!r} does not exist in the working copy")
    if ".git" in Path(value).parts:
        raise RefusedError(f"{parameter.name}: {value!r} is git's own")
    return value
