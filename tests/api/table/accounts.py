"""Identity."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ("tokens/", "users/")

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "me/", "                       200 200 200 200 200 200 401 200"),
    Row("POST", "ws-ticket/", "               201 201 201 201 201 201 401 201", {}),
    Row("GET", "users/", "                    200 200 200 200 200 200 401 200"),
    Row("GET", "users/{viewer}/", "           200 200 200 200 200 404 401 200"),
    Row("GET", "tokens/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "tokens/", "                  201 201 201 201 201 201 401 403", {"name": "x", "scopes": ["read"]}),
    Row("GET", "tokens/{token}/", "           200 200 404 404 404 404 401 404"),
    Row("DELETE", "tokens/{token}/", "        204 204 404 404 404 404 401 403"),
]

WRONG_FIELDS: Wrong = [
    ("POST tokens/", {"scopes": ["root"]}, "scopes[0]"),
    ("POST tokens/", {"scopes": []}, "scopes"),
    ("POST tokens/", {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ("POST tokens/", {"expires_at": "tomorrow"}, "expires_at"),
]
