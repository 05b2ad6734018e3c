"""Runs one command in its own process group, with limits, watching for a reason to end it.

Output goes straight to a file: the command never waits for the worker, even when the worker is suspended.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agents.worker.control import NAP_SECONDS, Control

GUARD = Path(__file__).with_name("guard.py")
GRACE_SECONDS = 3.0

Ending = Literal["exit", "time limit", "output limit"]


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float
    output_bytes: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended and how long it took."""

    exit_code: int
    ending: Ending
    duration_ms: int


def run_command(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    errors: Path,
    limits: Limits,
    control: Control,
    on_start: Callable[[], None] = lambda: None,
) -> Finished:
    """Append stdout to `output` and stderr to `errors`; raises InterruptError after killing the group."""
    started = time.monotonic()
    with output.open("ab") as out, errors.open("ab") as err:
        process = subprocess.Popen(  # noqa: S603 - argv comes from the worker's own configuration
            [sys.executable, "-I", "-S", str(GUARD), *argv],
            cwd=folder, env=dict(environment), stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
    try:
        on_start()
        ending = _wait(process, output, started, limits, control)
    finally:
        _end(process)
    return Finished(process.returncode, ending, int((time.monotonic() - started) * 1000))


def _wait(process: subprocess.Popen[bytes], output: Path, started: float, limits: Limits, control: Control) -> Ending:
    """An ended command is looked for first: its result counts even if a reason to stop came at once."""
    while not _has_ended(process):
        control.check()
        if time.monotonic() - started > limits.seconds:
            return "time limit"
        if output.stat().st_size > limits.output_bytes:
            return "output limit"
        # Short commands are looked at often, long ones seldom.
        time.sleep(min(NAP_SECONDS, 0.01 + (time.monotonic() - started) / 10))
    return "exit"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Asked without reaping: until then the group's id cannot belong to anybody else."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then make sure, then reap. Also removes what a command left in the background."""
    if not _has_ended(process):
        os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        while not _has_ended(process) and time.monotonic() < until:
            time.sleep(NAP_SECONDS / 4)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
