"""The log."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ("audit/events/",)

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "audit/events/", "             200 200 200 200 200 200 401 200"),
    Row("GET", "audit/events/{event}/", "     200 200 200 200 404 404 401 200"),
]

WRONG_FIELDS: Wrong = []
