"""When people are asked: every cell of the table, and what a bad configuration means."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tasks.services.options import BY_TRIGGER, options_for
from tasks.services.oversight import Circumstances, Limits, expiry_of, limits_of, must_ask, quorum_of

LEVELS = ("high", "medium", "low")
ERROR = {name: Circumstances(error=name) for name in ("validation", "execution", "timeout", "infrastructure")}
SURE = {value: Circumstances(confidence=Decimal(value)) for value in ("0.63", "0.64", "0.79", "0.80")}
TRIED = {count: Circumstances(attempts=count) for count in (2, 3)}
SPENT = {percent: Circumstances(used_percent=percent) for percent in (89.9, 90)}
IN = {phase: Circumstances(phase=phase) for phase in ("discovery", "design", "build", "validate", "launch")}
UNKNOWN = Circumstances()

# trigger, what is known, and who is asked: high, medium, low
CELLS: list[tuple[str, Circumstances, str]] = [
    ("phase_completion", IN["discovery"], "---"),
    ("phase_completion", IN["design"], "y--"),
    ("phase_completion", IN["build"], "yy-"),
    ("phase_completion", IN["validate"], "y--"),
    ("phase_completion", IN["launch"], "yy-"),
    ("phase_completion", UNKNOWN, "yy-"),
    ("quality_threshold", SURE["0.63"], "yy-"),
    ("quality_threshold", SURE["0.64"], "y--"),
    ("quality_threshold", SURE["0.79"], "y--"),
    ("quality_threshold", SURE["0.80"], "---"),
    ("quality_threshold", UNKNOWN, "yy-"),
    ("conflict_detected", TRIED[2], "---"),
    ("conflict_detected", TRIED[3], "yy-"),
    ("conflict_detected", UNKNOWN, "yy-"),
    ("agent_error", ERROR["validation"], "yy-"),
    ("agent_error", ERROR["execution"], "yyy"),
    ("agent_error", ERROR["timeout"], "yyy"),
    ("agent_error", ERROR["infrastructure"], "---"),
    ("agent_error", UNKNOWN, "yyy"),
    ("budget_exceeded", SPENT[89.9], "---"),
    ("budget_exceeded", SPENT[90], "yy-"),
    ("budget_exceeded", UNKNOWN, "yy-"),
    ("safety_violation", UNKNOWN, "yyy"),
    ("manual_request", UNKNOWN, "yyy"),
]


@pytest.mark.parametrize(("trigger", "now", "asked"), CELLS)
def test_a_cell_of_the_table(trigger: str, now: Circumstances, asked: str) -> None:
    found = "".join("y" if must_ask(trigger, level, Limits(), now) else "-" for level in LEVELS)
    assert found == asked


@pytest.mark.parametrize("risk", ["high", "critical"])
def test_a_risk_is_asked_about_at_every_level(risk: str) -> None:
    assert all(must_ask("quality_threshold", level, Limits(), SURE["0.80"], risk) for level in LEVELS)


def test_a_project_sets_its_own_limits() -> None:
    limits = limits_of({"threshold": 0.5, "phases": ["discovery"], "max_auto_resolution_attempts": 1, "quorum": 2})
    assert not must_ask("quality_threshold", "high", limits, SURE["0.63"])
    assert must_ask("phase_completion", "high", limits, IN["discovery"])
    assert must_ask("conflict_detected", "medium", limits, TRIED[2])
    assert (quorum_of("low", limits), quorum_of("critical", Limits()), quorum_of("low", Limits())) == (2, 2, 1)


@pytest.mark.parametrize(
    "config",
    [
        {"threshold": 2},
        {"threshold": True},
        {"threshold": "0"},
        {"phases": []},
        {"phases": "build"},
        {"quorum": 0},
        {"budget_percent": 0},
        {"max_auto_resolution_attempts": 10**9},
    ],
)
def test_a_bad_value_counts_as_not_given(config: dict[str, Any]) -> None:
    assert limits_of(config) == Limits()


def test_each_kind_waits_for_its_time() -> None:
    kinds = ("pre_execution", "response_approval", "next_step", "question", "phase_gate")
    waits = [expiry_of(kind, {}) for kind in kinds]
    assert waits == [timedelta(minutes=30), timedelta(minutes=15), timedelta(minutes=10), *[timedelta(hours=24)] * 2]
    assert expiry_of("next_step", {"timeout_minutes": {"next_step": 60}}) == timedelta(hours=1)
    assert expiry_of("next_step", {"timeout_minutes": {"next_step": -1}}) == timedelta(minutes=10)


OFFERS = [*[("question", trigger) for trigger in [*BY_TRIGGER, "manual_request"]], ("phase_gate", "phase_completion")]


@pytest.mark.parametrize(("kind", "trigger"), OFFERS)
def test_every_question_offers_a_yes_a_no_and_different_keys(kind: str, trigger: str) -> None:
    options = options_for(kind, trigger)
    assert {"approve", "reject"} <= {option["action"] for option in options}
    assert len({option["key"] for option in options}) == len(options)
    assert all(set(option) == {"key", "label", "action", "effect"} for option in options)
