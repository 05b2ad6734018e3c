"""G12 holds."""

from tests.guarantees.rate_limits import check_many_threads, check_the_edge


def test_thirty_two_threads_against_ten_get_ten() -> None:
    check_many_threads()


def test_the_edge_of_a_window_admits_no_second_helping() -> None:
    check_the_edge()
