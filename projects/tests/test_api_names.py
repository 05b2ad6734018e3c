"""Other documents call the levels of oversight otherwise; the API understands them."""

import pytest
from rest_framework.exceptions import ValidationError

from projects.api.serializers import OversightField


@pytest.mark.parametrize(
    ("said", "meant"),
    [("minimal", "low"), ("standard", "medium"), ("comprehensive", "high"), ("low", "low"), ("high", "high")],
)
def test_both_names_of_a_level_are_understood(said: str, meant: str) -> None:
    assert OversightField().run_validation(said) == meant


@pytest.mark.parametrize("said", ["none", "", 3, ["low"]])
def test_anything_else_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        OversightField().run_validation(said)
