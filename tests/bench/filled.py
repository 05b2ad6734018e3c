"""A product as a user starts it, filled by `load_sample`, with a person and agents that have real tokens."""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from common.embedded.processes import free_port
from tests.bench.callers import Caller, sign_in
from tests.system.clones import Clone, Running

SLUG = "capacity"
AGENTS = 8
LOAD_SECONDS, CATCH_UP_SECONDS = 1800, 1800
SIZES = {"users": 1_000, "projects": 20, "agents": 200, "tasks": 100_000, "events": 100_000}


def sizes() -> dict[str, int]:
    """Return how many rows of each kind are loaded: CAPACITY_TASKS and the like, or the modest defaults."""
    return {name: int(os.environ.get(f"CAPACITY_{name.upper()}") or number) for name, number in SIZES.items()}


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How fast the relay worked off what the load had left: it places, seals and tells each event."""

    events: int
    seconds: float


@dataclass(slots=True)
class Filled:
    """A running product with a big tenant in it: its administrator, a new project there, and agents of it."""

    running: Running
    sizes: dict[str, int]
    owner: psycopg.Connection[Any]
    tenant_id: Any
    browser: Caller
    person: Caller
    project_id: str
    agents: list[Caller]
    caught_up: CaughtUp

    @property
    def address(self) -> str:
        return self.running.url().removeprefix("http://")

    def one(self, statement: str, *values: Any) -> Any:
        """Return the only value of the only row, as the superuser finds it."""
        row = self.owner.execute(statement, values).fetchone()
        assert row is not None
        return row[0]

    def behind(self) -> int:
        """Return how many events of the tenant are not yet placed, sealed and told."""
        return behind(self.owner, self.tenant_id)

    def settle(self) -> None:
        """Wait until the relay has nothing to do."""
        catch_up(self.owner, self.tenant_id)


@contextmanager
def filled() -> Iterator[Filled]:
    """Start, fill, let the relay catch up, gather statistics; all of it is gone afterwards."""
    clone = Clone()
    try:
        # The limit of requests is one caller's, and here one caller stands for many.
        given = {"PORT": str(free_port(18400)), "API_LIMIT_PER_MINUTE": "100000000"}
        with clone.running("make", "run", environment=given) as running:
            running.url()
            yield from fill(running, sizes())
    finally:
        clone.remove()


def fill(running: Running, rows: dict[str, int]) -> Iterator[Filled]:
    password = secrets.token_urlsafe(15)
    load(running.clone, rows, password)
    with psycopg.connect(running.state()["environment"]["DATABASE_OWNER_URL"], autocommit=True) as owner:
        [[tenant_id]] = owner.execute("SELECT id FROM accounts_tenant WHERE slug = %s", [SLUG]).fetchall()
        caught_up = catch_up(owner, tenant_id)
        owner.execute("VACUUM ANALYZE")
        browser = sign_in(running.url(), f"admin@{SLUG}.example.org", password)
        token = browser.json("POST", "tokens/", {"name": "capacity", "scopes": ["read", "write", "admin"]}, 201)
        person = Caller(browser.address, {"Authorization": f"Bearer {token['secret']}"})
        project = person.json("POST", "projects/", {"name": "Capacity", "key": "CAP", "slug": "capacity"}, 201)
        agents = [agent(person, number) for number in range(AGENTS)]
        yield Filled(running, rows, owner, tenant_id, browser, person, project["id"], agents, caught_up)


def load(clone: Clone, rows: dict[str, int], password: str) -> None:
    options = " ".join(f"--{name} {number}" for name, number in rows.items())
    subprocess.run(
        clone.command("make", "manage", f"CMD=load_sample --slug {SLUG} --without-positions {options}"),
        cwd=clone.path,
        env=clone.environment() | {"SEED_PASSWORD": password},
        check=True,
        timeout=LOAD_SECONDS,
    )


def agent(person: Caller, number: int) -> Caller:
    made = person.json("POST", "agents/", {"name": f"capacity-{number}", "agent_type": "tester"}, 201)
    token = person.json("POST", f"agents/{made['id']}/tokens/", {}, 201)
    return Caller(person.address, {"Authorization": f"Bearer {token['secret']}"})


# --- the relay --------------------------------------------------------------------------------------------------------
BEHIND = """
    SELECT coalesce((SELECT max(pos) FROM audit_position WHERE tenant_id = %(tenant)s), 0)
           + (SELECT count(*) FROM audit_pending WHERE tenant_id = %(tenant)s)
           - least(
               (SELECT coalesce(max(e.first_pos - 1 + c.tree_size), 0) FROM audit_checkpoint c
                JOIN audit_epoch e ON e.id = c.epoch_id WHERE c.tenant_id = %(tenant)s),
               (SELECT coalesce(min(position), 0) FROM audit_projection WHERE tenant_id = %(tenant)s))
"""


def behind(owner: psycopg.Connection[Any], tenant_id: Any) -> int:
    row = owner.execute(BEHIND, {"tenant": tenant_id}).fetchone()
    assert row is not None
    return int(row[0])


def catch_up(owner: psycopg.Connection[Any], tenant_id: Any) -> CaughtUp:
    """Wait until nothing is left; raises where the relay comes to no end."""
    began, waiting = time.monotonic(), behind(owner, tenant_id)
    while behind(owner, tenant_id):
        assert time.monotonic() - began < CATCH_UP_SECONDS, "the relay does not catch up"
        time.sleep(0.2)
    return CaughtUp(waiting, time.monotonic() - began)


# --- the machine ------------------------------------------------------------------------------------------------------
def machine(owner: psycopg.Connection[Any]) -> str:
    """Return what it was measured on, in words without a name or a date."""
    [model] = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())[:1] or ["processor"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    [[version, buffers, synchronous]] = owner.execute(
        "SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('shared_buffers'),"
        " current_setting('fsync') || current_setting('synchronous_commit')"
    ).fetchall()
    assert synchronous == "onon", "the server must be durable"
    hardware = f"{os.cpu_count()} cores ({model.strip()}), {memory:.0f} GiB of memory"
    return f"{hardware}, PostgreSQL {version} with shared_buffers {buffers}"
