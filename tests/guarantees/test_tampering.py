"""G8 holds: each kind of tampering once (the long form is in tests/chaos)."""

from collections.abc import Callable

from tests.guarantees.tampering import ALL, COLUMNS, look, run_tamperings, spoilable
from tests.world import World


def test_every_kind_of_tampering_is_seen_offline(committed_worlds: Callable[[], World]) -> None:
    with spoilable(committed_worlds, events=4) as log:
        assert look(log) == ""
        tally = run_tamperings(log, ALL)
    assert tally.complaints(len(ALL)) == []
    in_place = [name for name in COLUMNS if name not in {"changed id", "changed tenant_id"}]
    assert {words for name in in_place for words in tally.said[name]} == {
        "The events are not what the log signed: something was changed, removed, added or reordered."
    }
    assert "it was cut" in tally.said["rolled back"][0]
    assert "the log was rewritten" in tally.said["rewritten with the right key"][0]
    assert "No trusted key" in tally.said["signed with another key"][0]
