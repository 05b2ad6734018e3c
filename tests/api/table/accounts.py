"""Identity."""

from tests.api.table.row import WHY, Row, Wrong

LISTS: tuple[str, ...] = ("tokens/", "users/", "me/sessions/", "notifications/")

NEW = {"email": "new@example.org", "display_name": "New"}
RIGHTS = {"role": "manager", "reason": "Because."}

ROWS = [
    #                                               admin eng rev vie str oth ano age
    Row("GET", "me/", "                              200 200 200 200 200 200 401 200"),
    Row("PATCH", "me/", "                            200 200 200 200 200 200 401 403", {"display_name": "Me"}),
    Row("GET", "me/preferences/", "                  200 200 200 200 200 200 401 200"),
    Row("PUT", "me/preferences/", "                  200 200 200 200 200 200 401 403", {"theme": "dark"}),
    Row("PATCH", "me/preferences/", "                200 200 200 200 200 200 401 403", {"theme": "dark"}),
    Row("GET", "me/sessions/", "                     200 200 200 200 200 200 401 200"),
    Row("GET", "me/sessions/{session}/", "           404 404 404 200 404 404 401 404"),
    Row("DELETE", "me/sessions/{session}/", "        404 404 404 204 404 404 401 403"),
    Row("POST", "me/sessions/revoke-all/", "         200 200 200 200 200 200 401 403", {}),
    Row("GET", "notifications/", "                   200 200 200 200 200 200 401 200"),
    Row("GET", "notifications/unread/", "            200 200 200 200 200 200 401 200"),
    Row("GET", "notifications/{notification}/", "    404 404 404 200 404 404 401 404"),
    Row("POST", "notifications/{notification}/read/", "404 404 404 200 404 404 401 403", {}),
    Row("POST", "notifications/read-all/", "         200 200 200 200 200 200 401 403", {}),
    Row("POST", "ws-ticket/", "                      201 201 201 201 201 201 401 201", {}),
    Row("GET", "users/", "                           200 200 200 200 200 200 401 200"),
    Row("POST", "users/", "                          201 403 403 403 403 403 401 403", NEW),
    Row("GET", "users/{viewer}/", "                  200 200 200 200 200 404 401 200"),
    Row("PATCH", "users/{viewer}/", "                200 403 403 403 403 404 401 403", RIGHTS),
    Row("DELETE", "users/{viewer}/", "               204 403 403 403 403 404 401 403", WHY),
    Row("POST", "users/{viewer}/deactivate/", "      200 403 403 403 403 404 401 403", WHY),
    Row("POST", "users/{viewer}/reactivate/", "      200 403 403 403 403 404 401 403", WHY),
    Row("POST", "users/{invited}/invite/", "         200 403 403 403 403 404 401 403", {}),
    Row("GET", "tokens/", "                          200 200 200 200 200 200 401 200"),
    Row(
        "POST", "tokens/", "                         201 201 201 201 201 201 401 403", {"name": "x", "scopes": ["read"]}
    ),
    Row("GET", "tokens/{token}/", "                  200 200 404 404 404 404 401 404"),
    Row("POST", "tokens/{token}/rotate/", "          403 201 404 404 404 404 401 403", {}),
    Row("DELETE", "tokens/{token}/", "               204 204 404 404 404 404 401 403"),
]

WRONG_FIELDS: Wrong = [
    ("POST tokens/", {"scopes": ["root"]}, "scopes[0]"),
    ("POST tokens/", {"scopes": []}, "scopes"),
    ("POST tokens/", {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ("POST tokens/", {"expires_at": "tomorrow"}, "expires_at"),
    ("PATCH me/", {"display_name": ""}, "display_name"),
    ("PATCH me/", {"role": "admin"}, "role"),
    ("PUT me/preferences/", {"theme": "pink"}, "theme"),
    ("PUT me/preferences/", {"time_zone": "Mars/Olympus"}, "time_zone"),
    ("PUT me/preferences/", {"time_zone": "../../etc/passwd"}, "time_zone"),
    ("PUT me/preferences/", {"daily_digest_hour": 24}, "daily_digest_hour"),
    ("PUT me/preferences/", {"preferences": ["x"]}, "preferences"),
    ("PUT me/preferences/", {"preferences": {"x": "y" * 20000}}, "preferences"),
    ("POST users/", {"email": "no address"}, "email"),
    ("POST users/", {"role": "root"}, "role"),
    ("PATCH users/{viewer}/", {"reason": ""}, "reason"),
    ("PATCH users/{viewer}/", {"staff_roles": ["root"]}, "staff_roles[0]"),
    ("DELETE users/{viewer}/", {"reason": ""}, "reason"),
]
