"""What a person sees of the processes' lines."""

import json

import pytest

from common.embedded.console import MESSAGE_LENGTH, Console, worth_showing


def line(**entry: object) -> bytes:
    return json.dumps(entry).encode() + b"\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            line(activity="task claimed: CM-12 by tester (attempt 1)"),
            ("task claimed: CM-12 by tester (attempt 1)", False),
        ),
        (line(level="error", event="boom\nTraceback"), ("error: boom", True)),
        (b"  Applying tasks.0001_initial... OK\n", ("migration applied: tasks.0001_initial", False)),
        (line(level="info", event="GET /health"), None),
        (b"  Applying tasks.0001_initial...\n", None),
        (b"Traceback (most recent call last):\n", None),
        (b"[1, 2]\n", None),
        (b"\xff\xfe\n", None),
        (b"", None),
    ],
)
def test_only_activity_migrations_and_errors_are_shown(written: bytes, shown: tuple[str, bool] | None) -> None:
    assert worth_showing(written) == shown


def test_a_long_error_is_cut() -> None:
    shown = worth_showing(line(level="error", event="x" * 1000))
    assert shown is not None
    assert len(shown[0]) == MESSAGE_LENGTH + 1


def test_a_line_has_time_name_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.say("worker", "started")
    console.close()
    clock, name, message = capsys.readouterr().out.split()
    assert (len(clock), name, message) == (len("12:00:00"), "worker", "started")


def test_a_terminal_that_is_gone_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", broken)
    console = Console()
    console.say("worker", "started")
    console.close()
