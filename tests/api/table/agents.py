"""Agents."""

from tests.api.table.row import Row, Wrong

LISTS: tuple[str, ...] = ("agents/",)

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "agents/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "agents/", "                  201 201 201 201 201 201 401 403", {"name": "a", "agent_type": "tester"}),
    Row("GET", "agents/{agent}/", "           200 200 200 200 404 404 401 200"),
    Row("PATCH", "agents/{agent}/", "         200 200 403 403 404 404 401 403", {"description": "d"}),
    Row("POST", "agents/{agent}/tokens/", "   201 201 403 403 404 404 401 403", {}),
]

WRONG_FIELDS: Wrong = [
    ("POST agents/", {"agent_type": "robot"}, "agent_type"),
    ("POST agents/{agent}/tokens/", {"days": 91}, "days"),
]
