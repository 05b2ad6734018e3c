"""The request's ids."""

import pytest

from common.telemetry.ids import correlation_id_of, request_id_of, trace_id_of


def test_traceparent_is_read_by_the_standard() -> None:
    assert trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_malformed_traceparent_is_ignored() -> None:
    assert trace_id_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
    assert trace_id_of("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x") is None
    assert trace_id_of("") is None


def test_a_request_id_is_a_uuid_or_nothing() -> None:
    assert request_id_of("not a uuid\r\nSet-Cookie: x") is None


@pytest.mark.parametrize("text", ["", " x", "a b", "a\r\nSet-Cookie: x", "<script>", "ä", "x" * 129, "-x", "a\x00"])
def test_a_hostile_correlation_id_is_not_taken(text: str) -> None:
    assert correlation_id_of(text) == ""


def test_a_correlation_id_is_a_word_of_the_caller() -> None:
    assert correlation_id_of("release-12:retry_3.a") == "release-12:retry_3.a"
