"""Tests in two sizes: the short one runs with `make test`, the long one with `make check`."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test


def short_and_long(short: Any, long: Any) -> list[Any]:
    """Return the values of a parameter: `short` for every run of the suite, `long` for the slow tier."""
    return [pytest.param(short, id="short"), pytest.param(long, id="long", marks=pytest.mark.long)]


def run_machine(machine: Any, *, examples: int, steps: int) -> None:
    """Run a state machine on the same drawings every time, without shrinking: that takes minutes."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
