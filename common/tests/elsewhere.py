"""Python in another process, with the settings and servers of this one; and a server that nobody can reach."""

import os
import subprocess
import sys
from pathlib import Path

from common.redis import RedisClient

ROOT = Path(__file__).resolve().parent.parent.parent
AWAY = "redis://:a-password@127.0.0.1:1/0"


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start `code` after django.setup(); it finds `arguments` in sys.argv[1:]."""
    code = f"import sys, django\ndjango.setup()\n{code}"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said_by(process: "subprocess.Popen[str]") -> list[str]:
    """Wait for it and return the words it printed; an error in it is one here."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output.split()


def together(processes: "list[subprocess.Popen[str]]") -> list[str]:
    """Let processes that print `ready` and then read a line go on at the same moment; return what they then printed."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [word for process in processes for word in said_by(process)]


def away() -> RedisClient:
    """A client of a server that refuses every connection."""
    return RedisClient.from_url(AWAY)
