"""The request's ids."""

from common.middleware import request_id_of, trace_id_of


def test_traceparent_is_read_by_the_standard() -> None:
    assert trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_malformed_traceparent_is_ignored() -> None:
    assert trace_id_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
    assert trace_id_of("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x") is None
    assert trace_id_of("") is None


def test_a_request_id_is_a_uuid_or_nothing() -> None:
    assert request_id_of("not a uuid\r\nSet-Cookie: x") is None
