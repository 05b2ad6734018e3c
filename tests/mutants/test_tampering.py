"""G8 can turn red."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audit.log import leaf
from audit.log.export import chosen
from audit.log.verifier.bundle import Trust, Verified, verify_bundle
from audit.services.sealing import key_of
from tests.guarantees.tampering import ALL, Tampering, run_tamperings, spoilable
from tests.world import World

pytestmark = pytest.mark.mutant


def only(name: str) -> dict[str, Tampering]:
    return {name: ALL[name]}


@pytest.mark.parametrize("column", ["reason", "recorded_at", "concerns", "changes"])
def test_a_leaf_that_leaves_a_column_out(
    committed_worlds: Callable[[], World], monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    monkeypatch.delitem(leaf.COLUMNS, column)
    with spoilable(committed_worlds, events=3) as log:
        tally = run_tamperings(log, only(f"changed {column}"))
    assert tally.complaints(1) == [f"not detected: changed {column}"]


def test_a_verifier_that_skips_consistency(committed_worlds: Callable[[], World]) -> None:
    def forgetful(folder: Path, trust: Trust) -> Verified:
        return verify_bundle(folder, Trust(trust.keys))

    with spoilable(committed_worlds, events=3) as log:
        tally = run_tamperings(log, only("rewritten with the right key"), verify=forgetful)
    assert tally.complaints(1) == ["not detected: rewritten with the right key"]


def test_a_verifier_that_takes_the_key_from_the_database(committed_worlds: Callable[[], World]) -> None:
    with spoilable(committed_worlds, events=3) as log:

        def trusting(folder: Path, trust: Trust) -> Verified:
            return verify_bundle(folder, Trust([key_of(chosen(log.tenant).checkpoint.epoch)]))

        tally = run_tamperings(log, only("signed with another key"), verify=trusting)
    assert tally.complaints(1) == ["not detected: signed with another key"]
