"""docs/OPERATIONS.md: sizes and example follow from the figures that stand on the page."""

import pytest

from tests.bench import page

TEXT = page.PAGE.read_text()
MEASURED = page.block(TEXT, "figures")


def test_sizes_and_example_follow_from_the_figures() -> None:
    assert page.block(TEXT, "example") == page.follows(MEASURED), "UPDATE_CAPACITY=1 make bench writes both anew"


def test_no_figure_is_missing() -> None:
    figures = page.read(MEASURED)
    for name in ("task", "execution", "evidence", "event of the log"):
        assert figures[name]["bytes each"] > figures[name]["of it indexes"] > 0
    for name in ("web", "worker", "beat", "relay", "PostgreSQL", "Valkey"):
        assert figures[name]["MiB"] > 0
    for name in (
        "claim",
        "heartbeat",
        "evidence",
        "complete",
        "whole cycle",
        "list of 50 tasks",
        "one task",
        "board page",
    ):
        assert {f"{number}: {what}" for number in (1, 8) for what in ("p50 ms", "p95 ms")} <= set(figures[name])
    assert figures["the last of them hears of a change"]["p95 ms"] > 0


@pytest.mark.parametrize("number", [0.4, 3.0, 19.96, 20.0, 1234.5, 2_000_000.0])
def test_a_table_is_read_as_it_was_written(number: float) -> None:
    rows = {"one": {"a": number}, "two": {"a": 1.0, "b": 2.0}}
    read = page.read(page.table("title", rows))
    assert read["one"]["a"] == pytest.approx(number, rel=0.05)
    assert read["two"] == rows["two"]
