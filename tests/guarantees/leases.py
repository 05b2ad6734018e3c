"""G1: many agent processes, killed and paused while they work, and the count of what was accepted."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg
from django.db import connections

from agents.models import AgentType
from agents.services import issue_agent_token, register_agent
from tasks.models import Execution, ExecutionStatus, QuarantinedWrite, Task, TaskStatus
from tasks.services import create_task
from tests.servers import Server
from tests.world import World

AGENT = Path(__file__).with_name("agent_process.py")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. `pause_seconds` is longer than the lease, so a paused agent wakes up too late."""

    tasks: int
    agents: int
    kills: int
    pauses: int
    backend_kills: int
    seconds: int
    every: float = 0.12
    pause_seconds: tuple[float, float] = (1.05, 1.5)
    seed: int = 20261121


@dataclass(slots=True)
class Tally:
    """What was counted. Double and stale must be 0; late must not, else the faults bit nothing."""

    tasks: int = 0
    done: int = 0
    double: int = 0
    stale: int = 0
    late: int = 0
    unkept: int = 0
    """answered 200 and yet not the accepted result"""
    faults: Counter[str] = field(default_factory=Counter)

    def complaints(self, plan: Plan, *, late: int) -> list[str]:
        faults = {"kill": plan.kills, "pause": plan.pauses, "backend": plan.backend_kills}
        return [
            *([f"done {self.done} of {self.tasks}"] if self.done != self.tasks else []),
            *(f"{name} {getattr(self, name)}" for name in ("double", "stale", "unkept") if getattr(self, name)),
            *([f"late rejections {self.late}"] if self.late < late else []),
            *(
                f"only {self.faults[name]} of {least} {name}s"
                for name, least in faults.items()
                if self.faults[name] < least
            ),
        ]


class Fleet:
    """The agent processes. Each is started, paused and killed by its id, and all are gone in the end."""

    def __init__(self, address: str, tokens: list[str], folder: Path) -> None:
        self.address, self.tokens, self.folder = address, tokens, folder
        self.started = 0
        self.processes = [self.start(number) for number in range(len(tokens))]

    def start(self, number: int) -> "subprocess.Popen[bytes]":
        self.started += 1
        output: IO[bytes] = (self.folder / f"{number}-{self.started}.jsonl").open("wb")
        with output:
            command = [sys.executable, "-I", str(AGENT), self.address, self.tokens[number], str(self.started)]
            return subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self.start(number)

    def pause(self, number: int, seconds: float) -> None:
        process = self.processes[number]
        process.send_signal(signal.SIGSTOP)
        threading.Timer(seconds, process.send_signal, [signal.SIGCONT]).start()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def said(self) -> Iterator[dict[str, object]]:
        """Everything the agents told; the last line of a killed one may be cut."""
        for path in self.folder.iterdir():
            for line in path.read_text().splitlines():
                if line.endswith("}"):
                    yield json.loads(line)


@contextmanager
def fleet(server: Server, tokens: list[str]) -> Iterator[Fleet]:
    with tempfile.TemporaryDirectory() as folder:
        running = Fleet(f"127.0.0.1:{server.port}", tokens, Path(folder))
        try:
            yield running
        finally:
            running.end()


def run_leases(world: World, server: Server, plan: Plan) -> Tally:
    """Let the agents do all tasks under faults, then count."""
    tokens = prepare(world, plan)
    connections.close_all()
    tally = Tally(tasks=plan.tasks)
    deadline = time.monotonic() + plan.seconds
    with fleet(server, tokens) as running, psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        harm(running, owner, plan, tally, deadline)
        while time.monotonic() < deadline and count_done(world) < plan.tasks:
            time.sleep(0.25)
        running.end()
        count(world, tally, list(running.said()))
    return tally


def prepare(world: World, plan: Plan) -> list[str]:
    with world.as_("engineer"):
        for number in range(plan.tasks):
            create_task(project=world.project, title=f"task {number}", max_attempts=100)
        agents = [
            register_agent(owner=world.engineer, name=f"agent {number}", agent_type=AgentType.TESTER)
            for number in range(plan.agents)
        ]
        return [issue_agent_token(agent=agent).secret for agent in agents]


def harm(running: Fleet, owner: psycopg.Connection, plan: Plan, tally: Tally, deadline: float) -> None:
    """Do the plan's faults in a random order, one every `every` seconds."""
    chance = random.Random(plan.seed)  # noqa: S311  # no secret is made of it
    faults = ["kill"] * plan.kills + ["pause"] * plan.pauses + ["backend"] * plan.backend_kills
    chance.shuffle(faults)
    for fault in faults:
        if time.monotonic() > deadline:
            return
        time.sleep(plan.every)
        number = chance.randrange(plan.agents)
        if fault == "kill":
            running.kill(number)
        elif fault == "pause":
            running.pause(number, chance.uniform(*plan.pause_seconds))
        elif not end_a_backend(owner, chance):
            continue
        tally.faults[fault] += 1


def end_a_backend(owner: psycopg.Connection, chance: random.Random) -> bool:
    """End one database connection of the app, as a superuser would."""
    pids = owner.execute(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'cm_app' AND datname = current_database()"
    ).fetchall()
    if pids:
        owner.execute("SELECT pg_terminate_backend(%s)", [chance.choice(pids)[0]])
    return bool(pids)


def count_done(world: World) -> int:
    connections.close_all()  # ours may be among the connections that were ended
    with world.as_("system"):
        return Task.objects.filter(status=TaskStatus.CLOSED).count()


def count(world: World, tally: Tally, said: list[dict[str, object]]) -> None:
    """Look at what the database kept and at what the agents were told."""
    connections.close_all()
    with world.as_("system"):
        tally.done = Task.objects.filter(status=TaskStatus.CLOSED, resolution="completed").count()
        accepted = list(Execution.objects.filter(status=ExecutionStatus.SUCCESS).select_related("task"))
        per_task = Counter(execution.task_id for execution in accepted)
        tally.double = sum(number > 1 for number in per_task.values())
        tally.stale = sum(is_stale(execution) for execution in accepted)
        tally.late = QuarantinedWrite.objects.filter(kind="complete").count()
    told = {fact["execution"] for fact in said if fact["what"] == "complete" and fact["status"] == 200}
    tally.unkept = len(told - {str(execution.id) for execution in accepted})


def is_stale(execution: Execution) -> bool:
    """Whether the accepted result is not that of the last attempt, or not the one its holder made."""
    made_by_holder = execution.result == {"execution": str(execution.id)}
    return (
        execution.attempt != execution.task.attempt or execution.task.output != execution.result or not made_by_holder
    )
