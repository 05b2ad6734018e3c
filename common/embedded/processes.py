"""Child processes that do not outlive us, and how to stop one."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from common.embedded.identity import LIBC, Identity

PR_SET_PDEATHSIG = 1
LINE_LIMIT = 1024 * 1024


class Step(NamedTuple):
    """A signal, and how long to wait for its effect before the next step."""

    signal: signal.Signals
    seconds: float


async def spawn(
    command: Sequence[str],
    *,
    death_signal: signal.Signals,
    output: IO[bytes] | None = None,
    identity: Identity | None = None,
    own_session: bool = True,
    cwd: Path,
    env: Mapping[str, str],
) -> asyncio.subprocess.Process:
    """Start `command` so that it gets `death_signal` when this process dies, however it dies.

    A session of its own keeps the terminal's Ctrl-C away from it: the supervisor stops its children in order.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL if own_session else None,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT if output is not None else None,
        start_new_session=own_session,
        preexec_fn=child_set_up(death_signal, identity),
        **(identity.popen_options() if identity else {}),
    )


class Talker(NamedTuple):
    """A process and the lines it writes."""

    process: asyncio.subprocess.Process
    lines: asyncio.StreamReader


async def spawn_talker(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Talker:
    """Start `command` with its output in a pipe.

    The pipe is ours and not that of asyncio, which would not tell the end of a process while a grandchild still holds
    the other end of it.
    """
    read_end, write_end = os.pipe()
    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(read_end, "rb", buffering=0)
    )
    with os.fdopen(write_end, "wb") as output:
        process = await spawn(command, death_signal=signal.SIGTERM, output=output, cwd=cwd, env=env)
    return Talker(process, lines)


def child_set_up(death_signal: signal.Signals, identity: Identity | None) -> Callable[[], None]:
    """Return what the child does between fork and exec. The death signal comes last: a change of account clears it."""
    parent = os.getpid()

    def set_up() -> None:
        if identity:
            identity.before_exec()
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), death_signal)

    return set_up


async def stop(process: asyncio.subprocess.Process, steps: Sequence[Step], hurry: asyncio.Event | None = None) -> int:
    """Walk down `steps` until the process has ended, and kill it if it has not by then."""
    for step in steps:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(step.signal)
            await ended_within(process, step.seconds, hurry)
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    return await process.wait()


async def ended_within(process: asyncio.subprocess.Process, seconds: float, hurry: asyncio.Event | None = None) -> bool:
    """Wait for the end of a process, at most `seconds`; `hurry` ends the patience."""
    waiting = [asyncio.create_task(process.wait())]
    if hurry:
        waiting.append(asyncio.create_task(hurry.wait()))
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return process.returncode is not None


def sweep(group: int) -> None:
    """Kill what a process left behind in its group, such as the children of a killed Celery worker."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


# --- processes of an earlier life -------------------------------------------------------------------------------------
def is_running(pid: int, mark: str) -> bool:
    """Whether `pid` is a process whose command line contains `mark`: a pid alone may be somebody else's by now."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def stop_orphan(pid_file: Path, mark: str, steps: Sequence[Step]) -> bool:
    """Stop the server that an earlier supervisor left behind, if there is one."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return False
    if not is_running(pid, mark):
        return False
    for step in (*steps, Step(signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.kill(pid, step.signal)
        if await gone_within(pid, mark, step.seconds):
            break
    return True


async def gone_within(pid: int, mark: str, seconds: float) -> bool:
    for _ in range(int(seconds / 0.05)):
        if not is_running(pid, mark):
            return True
        await asyncio.sleep(0.05)
    return False


# --- ports ------------------------------------------------------------------------------------------------------------
def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there. With SO_REUSEADDR, as servers do: connections that ended do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(first: int, host: str = "127.0.0.1", attempts: int = 200) -> int | None:
    """Return the first port from `first` on that is free."""
    return next((port for port in range(first, min(first + attempts, 65536)) if is_free(port, host)), None)
