"""The last page of the demo: what happened, and where to look."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from tasks.management.demo.remote import Remote

WIDTHS = {"task": 40, "why": 76}


@dataclass(frozen=True, slots=True)
class Row:
    """One task."""

    task: str
    agent: str
    attempts: str
    evidence: str
    outcome: str
    why: str


def read_rows(remote: Remote, tasks: Sequence[dict[str, Any]], names: Mapping[str, str]) -> list[Row]:
    """Return a row for each task; `names` are the agents' by their ids."""
    return [
        read_row(remote, task, names) for task in sorted(tasks, key=lambda task: int(task["key"].rpartition("-")[2]))
    ]


def read_row(remote: Remote, task: dict[str, Any], names: Mapping[str, str]) -> Row:
    executions = sorted(remote.list("executions/", task=task["id"]), key=lambda execution: int(execution["attempt"]))
    evidence = remote.list("evidence/", task=task["id"])
    agents = sorted({names[execution["agent"]] for execution in executions})
    return Row(
        task=f"{task['key']} {task['title']}",
        agent=", ".join(agents) or "nobody",
        attempts=str(len(executions)),
        evidence=", ".join(shown(piece) for piece in reversed(evidence)) or "none",
        outcome=task["status"],
        why=why(task, executions),
    )


def shown(piece: dict[str, Any]) -> str:
    data = piece["data"]
    return f"{data.get('command_name')} exit {data.get('exit_code')}"


def why(task: dict[str, Any], executions: Sequence[dict[str, Any]]) -> str:
    """Say why a task stands where it stands, and what became of its earlier attempts."""
    earlier = [f"attempt {one['attempt']}: {words(one)}" for one in executions[:-1]]
    if task["status"] == "closed":
        return "; ".join([*earlier, "every criterion is met"])
    if executions and executions[-1]["status"] == "waiting_for_hitl":
        return "; ".join([*earlier, "waits for the reviewer"])
    return "; ".join([*earlier, str(task["status_reason"] or task["status"])])


def words(execution: dict[str, Any]) -> str:
    if execution["status"] == "timeout":
        return "lease ran out"
    if execution["status"] == "cancelled" and not execution["error"]:
        return "parked for the approval"
    return str(execution["error"] or execution["status"])


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows as lines of a table; long words are cut, the pages have them whole."""
    names = tuple(field.name for field in fields(Row))
    cells = [names, *(tuple(cut(name, cell) for name, cell in zip(names, astuple(row), strict=True)) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [lines[0], "-" * min(sum(widths) + 2 * len(widths), 200), *lines[1:]]


def cut(name: str, text: str) -> str:
    flat = " ".join(text.split())
    limit = WIDTHS.get(name, 200)
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
