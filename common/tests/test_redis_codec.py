"""Values come back exactly as they went in, or are refused."""

import enum
import math
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from common.redis import codec

texts = st.text(st.characters())  # lone surrogates and NUL too
offsets = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
zones = st.none() | st.just(UTC) | offsets | st.sampled_from(["Europe/Berlin", "Asia/Kathmandu"]).map(ZoneInfo)
simple = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | texts
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.timedeltas()
    | st.datetimes(timezones=zones)
    | st.times()
)
hashable = st.recursive(simple, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=4)
values = st.recursive(
    simple,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(texts | st.just("$"), inner)
        | st.dictionaries(hashable, inner)
        | st.lists(inner).map(tuple)
        | st.sets(hashable)
        | st.frozensets(hashable)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Equal, of the same types all the way down, in the same order."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return all(same(a, c) and same(b, d) for (a, b), (c, d) in pairs)
    if isinstance(one, (list, tuple)):
        return all(map(same, one, other))
    if isinstance(one, (datetime, time)):
        return (one.fold, one.utcoffset()) == (other.fold, other.utcoffset())
    return repr(one) == repr(other) if isinstance(one, (float, Decimal)) else True


@given(values)
def test_every_value_comes_back_exactly(value: Any) -> None:
    assert same(codec.decode(codec.encode(value)), value)


@given(values, values)
def test_values_that_differ_have_different_canonical_texts(one: Any, other: Any) -> None:
    if codec.canonical(one) == codec.canonical(other):
        assert type(one) is type(other)
        assert one == other


@pytest.mark.parametrize("value", [math.nan, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), -0.0, math.inf])
def test_odd_numbers_come_back_too(value: Any) -> None:
    back = codec.decode(codec.encode(value))
    assert (type(back), str(back)) == (type(value), str(value))


def test_a_zone_comes_back_with_its_name() -> None:
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    back = codec.decode(codec.encode(moment))
    assert (back, back.tzinfo, back.fold, back.utcoffset()) == (moment, moment.tzinfo, 1, timedelta(hours=1))


def test_types_that_json_confuses_stay_apart() -> None:
    values = ["123", b"123", 123, 123.0, Decimal(123), True, 1, "true", None, "null", "", b"", [], (), {}, set()]
    texts = [codec.canonical(value) for value in values]
    assert len(set(texts)) == len(values)
    assert [codec.decode(codec.encode(value)) for value in values] == values


def test_the_order_of_sets_and_dictionaries_does_not_matter_to_a_canonical_text() -> None:
    assert codec.canonical({"a": 1, "b": {1, 2}}) == codec.canonical({"b": {2, 1}, "a": 1})
    assert codec.canonical({1: {"x"}, 2: "b"}) == codec.canonical({2: "b", 1: {"x"}})


class Point(NamedTuple):
    x: int


class Colour(enum.StrEnum):
    RED = "red"


class Zone(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, moment: datetime | None) -> str:
        return "ours"


def itself() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    "value",
    [object(), Point(1), Colour.RED, mark_safe("a"), OrderedDict(), 1j, itself(), datetime(2026, 1, 1, tzinfo=Zone())],
    ids=lambda value: type(value).__name__,
)
def test_what_would_come_back_as_something_else_is_refused(value: Any) -> None:
    with pytest.raises(codec.NotStorableError):
        codec.encode(value)
    with pytest.raises(TypeError):
        codec.canonical([value])


@pytest.mark.parametrize(
    "stored",
    [
        *(b"", b"1", b'"a"', b"{}", b"\x80\x04N.", b"[" * 100_000, b'{"v":2,"d":1}', b'{"v":1}'),
        b'{"v":1,"d":{"$":"os.system","v":"id"}}',
        b'{"v":1,"d":{"$":"bytes","v":"?"}}',
        b'{"v":1,"d":{"$":"Decimal","v":"x"}}',
    ],
)
def test_what_is_not_ours_is_never_taken_for_a_value(stored: bytes) -> None:
    with pytest.raises(codec.NotOursError):
        codec.decode(stored)


def test_plain_examples_of_every_type() -> None:
    value = {
        "id": uuid4(),
        "nil": UUID(int=0),
        "when": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "day": date(2026, 1, 2),
        "at": time(1, 2),
        "cost": Decimal("1.10"),
        "raw": b"\x00\xff",
        "pair": (1, "2"),
        3: frozenset({"a"}),
    }
    assert same(codec.decode(codec.encode(value)), value)
