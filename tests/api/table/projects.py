"""Projects and plans."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

PROJECT = {"name": "Second", "key": "SE", "slug": "second"}

LISTS: tuple[str, ...] = ("plans/", "projects/", "projects/{project}/members/")

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "projects/", "                 200 200 200 200 200 200 401 200"),
    Row("POST", "projects/", "                201 201 201 201 201 201 401 403", PROJECT),
    Row("GET", "projects/{project}/", "       200 200 200 200 404 404 401 200"),
    Row("PATCH", "projects/{project}/", "     200 200 200 403 404 404 401 403", {"name": "N"}),
    Row("DELETE", "projects/{project}/", "    204 204 204 403 404 404 401 403"),
    Row("POST", "projects/{project}/archive/", "200 200 200 403 404 404 401 403", WHY),
    Row("GET", "projects/{project}/members/", "          200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "projects/{project}/members/",
        "201 201 201 403 404 404 401 403",
        {"user": "{stranger}", "role": "viewer"},
    ),
    Row("DELETE", "projects/{project}/members/{member}/", "204 204 204 403 404 404 401 403"),
    Row("GET", "plans/", "                    200 200 200 200 200 200 401 200"),
    Row("POST", "plans/", "                   201 201 201 403 422 422 401 403", {"project": "{project}", "name": "P"}),
    Row("GET", "plans/{plan}/", "             200 200 200 200 404 404 401 200"),
    Row("PATCH", "plans/{plan}/", "           200 200 200 403 404 404 401 403", {"goal": "G"}),
    Row("POST", "plans/{plan}/cancel/", "     200 200 200 403 404 404 401 403", WHY),
]

WRONG_FIELDS: Wrong = [
    ("POST projects/", {"key": "lower"}, "key"),
    ("POST projects/", {"slug": "a b"}, "slug"),
    ("PATCH projects/{project}/", {"status": "deleted"}, "status"),
    ("PATCH projects/{project}/", {"config": [1]}, "config"),
    ("PATCH projects/{project}/", {"technology_stack": ["x" * 101]}, "technology_stack[0]"),
    ("PATCH plans/{plan}/", {"prd_url": "javascript:alert(1)"}, "prd_url"),
    ("POST projects/{project}/members/", {"role": "king"}, "role"),
    ("POST projects/{project}/members/", {"user": MISSING}, "user"),
]
