"""Ends what is left of the tree when the supervisor is gone, even if it was killed.

The kernel already tells the supervisor's own children (PR_SET_PDEATHSIG), but not their children, and a worker that is
told finishes its job first. The guard holds the read end of a pipe whose only writer is the supervisor; at its end of
file it gives every registered group a moment, then kills it.

    python guard.py      reads lines: `+GROUP SIGNAL` registers a process group, `-GROUP` forgets it

It imports the standard library alone: it is started by its path, next to a supervisor that may be from another release.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

PATIENCE_SECONDS = 8.0


def main(lines: Iterable[str]) -> None:
    """Follow the register until its writer is gone, then end everything in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end(registered(lines))


def registered(lines: Iterable[str]) -> dict[int, int]:
    """Return the groups, each with its signal, that were registered and not forgotten."""
    groups: dict[int, int] = {}
    for line in lines:
        if line.startswith("+"):
            group, number = line[1:].split()
            groups[int(group)] = int(number)
        elif line.startswith("-"):
            groups.pop(int(line[1:]), None)
    return groups


def end(groups: dict[int, int], patience: float = PATIENCE_SECONDS) -> None:
    """Ask each group to end, wait, then kill what remains."""
    for group, number in groups.items():
        send(group, number)
    deadline = time.monotonic() + patience
    while groups and time.monotonic() < deadline:
        groups = {group: number for group, number in groups.items() if send(group, 0)}
        time.sleep(0.05)
    for group in groups:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Whether the group still exists; it gets the signal if so."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    main(sys.stdin)
