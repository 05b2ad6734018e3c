"""What pages tell of themselves."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ()
REPORT = {"vitals": [{"name": "LCP", "value": 812.5}]}

ROWS = [
    #                           admin eng rev vie str oth ano age
    Row("POST", "telemetry/", " 204 204 204 204 204 204 401 403", REPORT),
]

WRONG_FIELDS: Wrong = [
    ("POST telemetry/", {"vitals": [{"name": "XXX", "value": 1}]}, "vitals[0].name"),
    ("POST telemetry/", {"vitals": [{"name": "LCP", "value": -1}]}, "vitals[0].value"),
    ("POST telemetry/", {"more": 1}, "more"),
]
