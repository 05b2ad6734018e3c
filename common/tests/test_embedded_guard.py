"""The guard ends what the supervisor leaves behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from common.embedded import guard

IGNORES_TERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


def sleeper(code: str = "import time; print(flush=True); time.sleep(60)") -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def test_what_was_forgotten_is_left_alone() -> None:
    assert guard.registered(["+10 15\n", "+11 2\n", "-10\n", "-99\n"]) == {11: 2}


def test_groups_end_by_their_signal_and_stubborn_ones_are_killed() -> None:
    polite, stubborn = sleeper(), sleeper(IGNORES_TERM)
    guard.end({polite.pid: signal.SIGTERM, stubborn.pid: signal.SIGTERM}, patience=0.3)
    assert polite.wait(5) == -signal.SIGTERM
    assert stubborn.wait(5) == -signal.SIGKILL


def test_it_acts_when_its_input_ends() -> None:
    child = sleeper()
    process = subprocess.Popen([sys.executable, guard.__file__], stdin=subprocess.PIPE, text=True)
    assert process.stdin
    process.stdin.write(f"+{child.pid} {int(signal.SIGTERM)}\n")
    process.stdin.flush()
    time.sleep(0.3)
    assert child.poll() is None
    process.stdin.close()
    assert child.wait(5) == -signal.SIGTERM
    assert process.wait(10) == 0


def test_it_needs_nothing_but_the_standard_library() -> None:
    source = Path(guard.__file__).read_text()
    assert "from common" not in source
