"""Evidence."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ("evidence/",)

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "evidence/", "                 200 200 200 200 200 200 401 200"),
    Row("GET", "evidence/{evidence}/", "      200 200 200 200 404 404 401 200"),
    Row("POST", "evidence/{evidence}/verify/", "200 403 200 403 404 404 401 403", {}),
    Row("POST", "evidence/{evidence}/reject/", "200 403 200 403 404 404 401 403", {"note": "No."}),
]

WRONG_FIELDS: Wrong = []
