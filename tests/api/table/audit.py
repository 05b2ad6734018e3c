"""The log, the feed, outgoing webhooks."""

from tests.api.table.row import WHY, Row, Wrong

LISTS: tuple[str, ...] = ("audit/events/", "activity/", "webhooks/", "deliveries/")

TOLD = {"name": "deployment_completed", "subject": "production", "summary": "v1.2 is out.", "project": "{project}"}
HOOK = {"url": "https://hooks.example.org/in", "event_types": ["task.closed"], "project": "{project}"}

ROWS = [
    #                                           admin eng rev vie str oth ano age
    Row("GET", "audit/events/", "                200 200 200 200 200 200 401 200"),
    Row("POST", "audit/events/", "               201 201 201 403 404 404 401 403", TOLD),
    Row("GET", "audit/events/{event}/", "        200 200 200 200 404 404 401 200"),
    Row("GET", "activity/", "                    200 200 200 200 200 200 401 200"),
    Row("GET", "activity/{activity}/", "         200 200 200 200 404 404 401 200"),
    Row("GET", "webhooks/", "                    200 200 200 200 200 200 401 200"),
    Row("POST", "webhooks/", "                   201 201 201 403 404 404 401 403", HOOK),
    Row("GET", "webhooks/{webhook}/", "          200 200 200 404 404 404 401 404"),
    Row("PATCH", "webhooks/{webhook}/", "        200 200 200 404 404 404 401 403", {"description": "d"}),
    Row("DELETE", "webhooks/{webhook}/", "       204 204 204 404 404 404 401 403"),
    Row("POST", "webhooks/{webhook}/rotate/", "  200 200 200 404 404 404 401 403", {}),
    Row("POST", "webhooks/{webhook}/test/", "    202 202 202 404 404 404 401 403", {}),
    Row("POST", "webhooks/{webhook}/enable/", "  200 200 200 404 404 404 401 403", {}),
    Row("POST", "webhooks/{webhook}/disable/", " 200 200 200 404 404 404 401 403", WHY),
    Row("GET", "deliveries/", "                  200 200 200 200 200 200 401 200"),
    Row("GET", "deliveries/{delivery}/", "       200 200 200 404 404 404 401 404"),
    Row("POST", "deliveries/{delivery}/retry/", "200 200 200 404 404 404 401 403", {}),
    Row("GET", "ops/migrations/", "              200 403 403 403 403 403 401 403"),
]

WRONG_FIELDS: Wrong = [
    ("POST audit/events/", {"name": "task.closed"}, "name"),
    ("POST audit/events/", {"name": "nothing"}, "name"),
    ("POST audit/events/", {"url": "javascript:alert(1)"}, "url"),
    ("POST audit/events/", {"resource_id": "{task}"}, "resource_id"),
    ("POST webhooks/", {"url": "http://hooks.example.org/"}, "url"),
    ("POST webhooks/", {"url": "https://127.0.0.1/"}, "url"),
    ("POST webhooks/", {"event_types": ["task.exploded"]}, "event_types"),
    ("PATCH webhooks/{webhook}/", {"url": "https://user@host.example.org/"}, "url"),
]
