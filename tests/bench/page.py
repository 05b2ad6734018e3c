"""The figures of docs/OPERATIONS.md, and what the page computes from them: both stand between marks, and are read back.

Nothing here measures. The page's sizes and its worked example follow from the figures that stand on it, so a test of
the suite can hold the one to the other (tests/docs/test_capacity.py).
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"
NONE = "·"
"""stands where a row has no figure"""
Figures = dict[str, dict[str, float]]
"""by row and column of the tables"""

HEARTBEAT_SECONDS = 20
ASK_AGAIN_SECONDS = 2
CALLS_OF_A_TASK = 3
"""claim, evidence, complete"""
ROOM = 2
"""what may be full on average is half of what was measured"""
TASK_SECONDS = {"1 minute": 60, "10 minutes": 600, "1 hour": 3600}

# The worked example: what it assumes. The prices are nobody's.
AGENTS, BUSY_DAYS, BUSY_HOURS, BUSY_SECONDS = 100, 22, 12, 600
KEPT_BACKUPS = 14
CORE_PRICE, MEMORY_PRICE, DISK_PRICE, BACKUP_PRICE = 15.0, 4.0, 0.12, 0.03


def block(text: str, name: str) -> str:
    """Return what stands between the marks of this name."""
    [found] = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.S)
    return str(found)


def replaced(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{content}{end}{after}"


def write(measured: str) -> None:
    """Put new figures into the page, and what follows from them."""
    text = replaced(PAGE.read_text(), "figures", measured)
    PAGE.write_text(replaced(text, "example", follows(measured)))


# --- tables -----------------------------------------------------------------------------------------------------------
def table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" + "|--:" * len(columns) + "|"]
    for name, row in rows.items():
        cells = (shown(row[column]) if column in row else NONE for column in columns)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 or number == int(number) else f"{number:.1f}"


def read(measured: str) -> Figures:
    """Return the figures of all tables in a text."""
    found: Figures = {}
    columns: list[str] = []
    for line in measured.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells[1:]
        elif not cells[0].startswith("---"):
            numbers = zip(columns, cells[1:], strict=True)
            row = found.setdefault(cells[0], {})
            row.update({column: float(cell.replace(",", "")) for column, cell in numbers if cell != NONE})
    return found


# --- what follows -----------------------------------------------------------------------------------------------------
def follows(measured: str) -> str:
    """Return sizes and example as they follow from the figures."""
    cores = int(re.findall(r"(\d+) cores", measured)[0])
    figures = read(measured)
    return "\n".join([*sizes(figures), "", *example(figures, cores)]) + "\n"


def calls_per_second(figures: Figures) -> float:
    """Return how many calls of agents one web process answers; a cycle has one heartbeat."""
    return figures["whole cycle"]["8: a second"] * (CALLS_OF_A_TASK + 1)


def calls_of(seconds: float) -> float:
    """Return the calls a second of an agent whose tasks take so long."""
    return CALLS_OF_A_TASK / seconds + 1 / HEARTBEAT_SECONDS


def total_memory(figures: Figures) -> float:
    return sum(row["MiB"] for row in figures.values() if "MiB" in row)


def sizes(figures: Figures) -> Iterator[str]:
    calls, growth = calls_per_second(figures), figures["database growth for a finished task, bytes"]["figure"]
    event = sum(row["bytes each"] for name, row in figures.items() if name == "event of the log" or name[:4] == "its ")
    yield f"One web process answers {calls:,.0f} calls of agents a second; half of that is a good average:"
    yield ""
    yield "| a task takes | calls a second of a busy agent | busy agents for one web process |"
    yield "|---|--:|--:|"
    for words, seconds in TASK_SECONDS.items():
        rate = calls_of(seconds)
        yield f"| {words} | {rate:.3f} | {math.floor(calls / ROOM / rate):,} |"
    idle = math.floor(figures["claim that finds nothing"]["8: a second"] / ROOM * ASK_AGAIN_SECONDS)
    yield f"| nothing to do | {1 / ASK_AGAIN_SECONDS:.3f} | {idle:,} |"
    yield ""
    yield (
        f"A million finished tasks make the database grow by {growth / 1000:,.1f} GB, a million events of the log by "
        f"{event / 1000:,.1f} GB, with indexes, seals and feed. "
        f"All processes together take {total_memory(figures):,.0f} MiB."
    )


def example(figures: Figures, cores: int) -> Iterator[str]:
    rate, calls = AGENTS * calls_of(BUSY_SECONDS), calls_per_second(figures)
    tasks = AGENTS * BUSY_DAYS * BUSY_HOURS * 3600 // BUSY_SECONDS
    growth = tasks * figures["database growth for a finished task, bytes"]["figure"] / 1e9
    needed = max(cores, math.ceil(cores * rate * ROOM / calls))
    memory = math.ceil(ROOM * total_memory(figures) / 1024)
    disk, backups = math.ceil(ROOM * 12 * growth), math.ceil(KEPT_BACKUPS * 12 * growth)
    parts = (
        (f"{needed} cores", needed, CORE_PRICE),
        (f"{memory} GB of memory", memory, MEMORY_PRICE),
        (f"{disk} GB of disk", disk, DISK_PRICE),
        (f"{backups} GB of backups", backups, BACKUP_PRICE),
    )
    yield (
        f"**Example.** {AGENTS} agents, always busy with tasks of {BUSY_SECONDS // 60} minutes, {BUSY_HOURS} hours on "
        f"{BUSY_DAYS} days a month. The prices are assumptions, no offer of anybody."
    )
    yield ""
    each = calls_of(BUSY_SECONDS)
    yield f"* Calls: {AGENTS} agents with {each:.3f} make {rate:.1f} a second, {rate / calls:.0%} of one web process."
    yield f"* Finished tasks: {tasks:,} a month. Growth: {growth:.1f} GB a month, {12 * growth:.1f} GB a year."
    yield f"* Disk, twice the growth of a year: {disk} GB."
    yield f"* Backups, at most {KEPT_BACKUPS} of a year's database: {backups} GB."
    yield f"* Memory, twice what was measured: {memory} GB. Processors: {needed}."
    yield ""
    yield "| part | assumed price | a month |"
    yield "|---|--:|--:|"
    for words, number, price in parts:
        yield f"| {words} | {price:.2f} | {number * price:.2f} |"
    whole = sum(number * price for _, number, price in parts)
    yield f"| together | | **{whole:.2f}** |"
    yield ""
    yield f"That is {whole / tasks:.4f} for a finished task, without what the models cost."
