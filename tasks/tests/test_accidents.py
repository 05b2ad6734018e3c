"""The demo's accidents: an agent wakes when the command it slept through has ended."""

import os
import subprocess
import time

from tasks.management.demo.accidents import children_at_work


def test_a_child_is_at_work_until_it_has_ended() -> None:
    with subprocess.Popen(["sleep", "30"]) as child:
        assert child.pid in children_at_work(os.getpid())
        child.kill()
        until = time.monotonic() + 5
        while child.pid in children_at_work(os.getpid()):  # nobody has asked how it ended: it is still listed
            assert time.monotonic() < until
    assert children_at_work(2**22 + 1) == []
