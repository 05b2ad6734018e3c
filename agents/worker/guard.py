"""Stands between the worker and a command, in the command's own process group.

A worker can be killed at any moment and then cannot clean up. The guard notices, because its standard
input is a pipe only the worker holds open, and takes the whole group down with it. Run by path, alone.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

NOT_STARTED = 127


def main(argv: list[str]) -> int:
    # A handler and not SIG_IGN: the latter would be inherited by the command.
    signal.signal(signal.SIGTERM, _stay_until_the_command_ends)
    threading.Thread(target=_watch_the_worker, daemon=True).start()
    try:
        code = subprocess.Popen(argv, stdin=subprocess.DEVNULL).wait()  # noqa: S603 - the worker's own configuration
    except OSError as error:
        print(f"{argv[0]} cannot be started: {error}", file=sys.stderr)
        return NOT_STARTED
    return code if code >= 0 else 128 - code


def _stay_until_the_command_ends(signum: int, frame: FrameType | None) -> None:
    """The group got the signal; the guard still has the command's exit code to pass on."""


def _watch_the_worker() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # The thread still waits for the worker; only an immediate exit does not wait for the thread.
    status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)
