"""The order of work can turn red."""

from typing import Any

import pytest

from tasks.querysets import StatementTimestamp, TaskQuerySet
from tasks.services import waiting
from tests.guarantees.waiting import check_waiting
from tests.world import World

pytestmark = pytest.mark.mutant


def test_a_close_that_forgets_to_count_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "recount", lambda _: None)
    with pytest.raises(AssertionError, match="what is left was not counted"):
        check_waiting(world)


def test_a_claim_that_ignores_what_a_task_waits_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: TaskQuerySet, *_: Any) -> TaskQuerySet:
        return self.filter(claimable_from__lte=StatementTimestamp(), attempts_left__gt=0)

    monkeypatch.setattr(TaskQuerySet, "claimable_by", careless)
    with pytest.raises(AssertionError, match="claimed although it waits"):
        check_waiting(world)
