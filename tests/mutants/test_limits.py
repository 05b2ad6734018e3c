"""G12 can turn red."""

from decimal import Decimal

import pytest

from agents.querysets import BudgetQuerySet
from tests.guarantees.limits import check_a_budget_under_claims
from tests.world import World

pytestmark = pytest.mark.mutant


def test_a_reservation_that_does_not_compare(committed_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_room(self: BudgetQuerySet, amount: Decimal) -> BudgetQuerySet:
        return self

    monkeypatch.setattr(BudgetQuerySet, "with_room", with_room)
    with pytest.raises(AssertionError, match="attempts began under a budget of 10 runs"):
        check_a_budget_under_claims(committed_world)
