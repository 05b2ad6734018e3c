"""What is measured of a filled product. Each looks first whether the product did the right thing."""

import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.callers import Caller, Times, together
from tests.bench.filled import Filled
from tests.system.clones import children, command_line

TABLES = {
    "task": "tasks_task",
    "execution": "tasks_execution",
    "evidence": "evidence_evidence",
    "event of the log": "audit_event",
    "its position": "audit_position",
    "its line in the feed": "audit_activityitem",
}
SEALS = ("audit_tile", "audit_checkpoint")
MARKS = {
    "web": "config.asgi",
    "worker": "config worker",
    "beat": "config beat",
    "relay": "manage.py relay",
    "PostgreSQL": "postgres",
    "Valkey": "valkey-server",
}
READ_SECONDS = 4.0
PAGE = 50


# --- storage ----------------------------------------------------------------------------------------------------------
SIZE = """
    SELECT sum(pg_total_relation_size(relation)), sum(pg_indexes_size(relation))
    FROM (SELECT %(table)s::regclass UNION SELECT relid FROM pg_partition_tree(%(table)s::regclass)) AS parts(relation)
"""
# In one statement, and so of one moment: somebody may write meanwhile.
LOG = """
    SELECT (SELECT count(*) FROM audit_event WHERE tenant_id = %(tenant)s),
           (SELECT count(*) FROM audit_position WHERE tenant_id = %(tenant)s),
           (SELECT count(*) FROM audit_pending WHERE tenant_id = %(tenant)s)
"""


def check_rows(product: Filled) -> None:
    """See that all that was asked for is there, and that the log is whole: placed and sealed."""
    product.settle()
    for table, name in (("accounts_user", "users"), ("projects_project", "projects"), ("agents_agent", "agents")):
        found = product.one(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", product.tenant_id)  # noqa: S608
        assert found >= product.sizes[name], (table, found)
    tasks = product.one("SELECT count(*) FROM tasks_task WHERE tenant_id = %s", product.tenant_id)
    assert tasks >= product.sizes["tasks"]
    [[events, places, waiting]] = product.owner.execute(LOG, {"tenant": product.tenant_id}).fetchall()
    assert events == places + waiting >= product.sizes["events"]


def storage(product: Filled) -> dict[str, dict[str, float]]:
    """Return rows, bytes a row and how many of them are indexes, by table."""
    check_rows(product)
    found: dict[str, dict[str, float]] = {}
    for name, table in TABLES.items():
        [[whole, indexes]] = product.owner.execute(SIZE, {"table": table}).fetchall()
        rows = product.one(f"SELECT count(*) FROM {table}")  # noqa: S608  # names of ours
        found[name] = {"rows": rows, "bytes each": float(whole) / rows, "of it indexes": float(indexes) / rows}
    events = found["event of the log"]["rows"]
    seals = sum(float(product.owner.execute(SIZE, {"table": table}).fetchall()[0][0]) for table in SEALS)
    found["its part of the seals"] = {"rows": events, "bytes each": seals / events}
    return found


def database_bytes(product: Filled) -> int:
    return int(product.one("SELECT pg_database_size(current_database())"))


# --- memory -----------------------------------------------------------------------------------------------------------
def memory(product: Filled) -> dict[str, dict[str, float]]:
    """Return processes and MiB by what they are: each process's own memory and its share of what several have."""
    found: dict[str, dict[str, float]] = {name: {"processes": 0, "MiB": 0.0} for name in MARKS}
    for pid in product.running.tree():
        name = next((name for name, mark in MARKS.items() if mark in command_line(pid)), None)
        if name:
            found[name]["processes"] += 1
            found[name]["MiB"] += share(pid) / 1024
    missing = [name for name, row in found.items() if not row["MiB"]]
    assert missing == [], f"no memory of {missing}"
    return found


def share(pid: int) -> int:
    """Return a process's proportional set size in KiB; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(next(line for line in lines.splitlines() if line.startswith("Pss:")).split()[1])


def processor_seconds(product: Filled) -> dict[str, float]:
    """Return what web process and PostgreSQL have used so far; a server process that ended counts with its parent."""
    found = {}
    for name in ("web", "PostgreSQL"):
        first = product.running.child(MARKS[name])
        pids = {first} | set(children().get(first, []))
        found[name] = sum(ticks(pid, own=2) for pid in pids) + ticks(first, own=4) - ticks(first, own=2)
    return found


def ticks(pid: int, *, own: int) -> float:
    """Return seconds of a process: `own` 2, or with those of its ended children 4."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 11 + own])) / os.sysconf("SC_CLK_TCK")


def ours(product: Filled) -> float:
    """Return the processor seconds of the whole product and of this process so far."""
    spent = os.times()
    return spent.user + spent.system + sum(ticks(pid, own=4) for pid in product.running.tree())


def busy() -> float:
    """Return the seconds that the machine's processors have worked so far, for whomever."""
    user, nice, system, _idle, _waiting, interrupts, soft = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


class Neighbours:
    """How many cores others used, from now on until one asks."""

    def __init__(self, product: Filled) -> None:
        self.product, self.began, self.before = product, time.monotonic(), busy() - ours(product)

    def cores(self) -> float:
        others = busy() - ours(self.product) - self.before
        return max(0.0, others / (time.monotonic() - self.began))


def measured(product: Filled, works: Sequence[Callable[[], None]], *times: Times) -> None:
    """Do all the works at the same time, and note in `times` how long that took and what it cost."""
    before = processor_seconds(product)
    elapsed = together(works)
    cpu = {name: seconds - before[name] for name, seconds in processor_seconds(product).items()}
    for each in times:
        each.elapsed, each.cpu = elapsed, cpu


# --- work -------------------------------------------------------------------------------------------------------------
CALLS = ("claim", "heartbeat", "evidence", "complete")
PIECE = {"source_type": "test_result", "title": "pytest", "content": "42 passed in 3.21s\n" * 20}
MOST_AT_ONCE = 100
FACTS = {"command_name": "pytest", "exit_code": 0}


def work(product: Filled, agents: int, tasks: int) -> dict[str, Times]:
    """Let agents do tasks through all calls of the protocol; return the times of calls and of whole cycles."""
    offer(product, tasks)
    done: Counter[str] = Counter()
    times = {name: Times() for name in ("whole cycle", *CALLS)}
    works = [partial(toil, caller.again(), times, done) for caller in product.agents[:agents]]
    measured(product, works, *times.values())
    check_work(product, done, tasks)
    return times


def offer(product: Filled, tasks: int) -> None:
    items = [{"project": product.project_id, "title": f"Work {number}"} for number in range(tasks)]
    for first in range(0, tasks, MOST_AT_ONCE):
        product.person.json("POST", "tasks/bulk/", {"items": items[first : first + MOST_AT_ONCE]}, 201)


def toil(caller: Caller, times: dict[str, Times], done: Counter[str]) -> None:
    """Claim and finish one task after the other until there is none."""

    def timed(name: str, path: str, body: Any, lease: str = "") -> tuple[int, Any]:
        began = time.perf_counter()
        status, content = caller.call("POST", path, body, {"Lease-Token": lease} if lease else None)
        seconds = time.perf_counter() - began
        if status != 204:
            times[name].each.append(seconds)
        assert status < 300, (path, status, content[:500])
        return status, json.loads(content) if content else None

    while True:
        began = time.perf_counter()
        status, claimed = timed("claim", "tasks/claim/", {"lease_seconds": 60})
        if status == 204:
            return
        [one] = claimed
        path, lease = f"executions/{one['execution']['id']}", one["lease_token"]
        timed("heartbeat", f"{path}/heartbeat/", {"progress": 50}, lease)
        timed("evidence", f"{path}/evidence/", PIECE | {"data": FACTS}, lease)
        timed("complete", f"{path}/complete/", {"result": {"ok": True}, "summary": "done"}, lease)
        times["whole cycle"].each.append(time.perf_counter() - began)
        done[one["task"]["id"]] += 1


def check_work(product: Filled, done: Counter[str], tasks: int) -> None:
    """See that each task was done once, is closed, and has one accepted result with its evidence."""
    assert len(done) == tasks
    assert set(done.values()) == {1}
    ids = list(done)
    closed = "SELECT count(*) FROM tasks_task WHERE id = ANY(%s::uuid[]) AND status = 'closed'"
    accepted = "SELECT count(*) FROM tasks_execution WHERE task_id = ANY(%s::uuid[]) AND status = 'success'"
    shown = "SELECT count(*) FROM evidence_evidence WHERE task_id = ANY(%s::uuid[])"
    assert [product.one(each, ids) for each in (closed, accepted, shown)] == [tasks] * 3


# --- reads ------------------------------------------------------------------------------------------------------------
Read = Callable[[Caller, int], None]


def reads(product: Filled) -> dict[str, tuple[Caller, Read]]:
    """Return who reads what; each looks at what it gets."""
    where = [product.tenant_id, product.sizes["projects"]]
    projects = product.owner.execute(
        "SELECT id, slug FROM projects_project WHERE tenant_id = %s AND slug LIKE 'sample-%%' LIMIT %s", where
    ).fetchall()
    tasks = product.owner.execute(
        "SELECT id FROM tasks_task WHERE tenant_id = %s AND number %% 7 = 1 LIMIT 1000", [product.tenant_id]
    ).fetchall()

    def page_of_list(caller: Caller, number: int) -> None:
        project, _ = projects[number % len(projects)]
        found = caller.json("GET", f"tasks/?project={project}&limit={PAGE}")["results"]
        assert len(found) == min(PAGE, product.sizes["tasks"] // product.sizes["projects"])
        assert {task["project"] for task in found} == {str(project)}

    def task(caller: Caller, number: int) -> None:
        [wanted] = tasks[number % len(tasks)]
        assert caller.json("GET", f"tasks/{wanted}/")["id"] == str(wanted)

    def board(caller: Caller, number: int) -> None:
        _, slug = projects[number % len(projects)]
        status, content = caller.call("GET", f"/projects/{slug}/board/")
        assert status == 200
        assert content.count(b"/tasks/") > PAGE

    def nothing(caller: Caller, _: int) -> None:
        assert caller.call("POST", "tasks/claim/", {})[0] == 204

    return {
        "list of 50 tasks": (product.person, page_of_list),
        "one task": (product.person, task),
        "board page": (product.browser, board),
        "claim that finds nothing": (product.agents[0], nothing),
    }


def read(product: Filled, caller: Caller, what: Read, callers: int, seconds: float = READ_SECONDS) -> Times:
    """Read again and again, `callers` at a time."""
    numbers, times = itertools.count(), Times()
    what(caller, next(numbers))

    def go(own: Caller) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            what(own, next(numbers))
            times.each.append(time.perf_counter() - began)

    measured(product, [partial(go, caller.again()) for _ in range(callers)], times)
    return times
