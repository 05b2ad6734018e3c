"""Agents, and what they cost and may use up."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

LISTS: tuple[str, ...] = (
    "agents/",
    "agents/{agent}/keys/",
    "agents/{agent}/status/history/",
    "budgets/",
    "costs/",
    "emergency-stops/",
    "price-tables/",
    "quota-pools/",
)

PRICES = [{"model": "m", "input_usd": "3", "output_usd": "15"}]
PRICE_TABLE = {"provider": "openai", "version": "9", "effective_from": "2026-01-01T00:00:00Z", "source": "s"}
POOL = {"name": "p", "provider": "openai", "limit_kind": "tokens_per_day", "limit_amount": 5}
BUDGET = {"scope": "project", "project": "{project}", "unit": "usd", "period": "month", "limit_amount": "5"}
KEY = {"public_key": "{public_key}", "proof": "{proof}"}

ROWS = [
    #                                                    admin eng rev vie str oth ano age
    Row("GET", "agents/", "                               200 200 200 200 200 200 401 200"),
    Row("POST", "agents/", "            201 201 201 201 201 201 401 403", {"name": "a", "agent_type": "tester"}),
    Row("GET", "agents/{agent}/", "                       200 200 200 200 404 404 401 200"),
    Row("PATCH", "agents/{agent}/", "                     200 200 403 403 404 404 401 403", {"description": "d"}),
    Row("DELETE", "agents/{spare}/", "                    204 204 403 403 404 404 401 403"),
    Row("POST", "agents/{spare}/suspend/", "              200 200 403 403 404 404 401 403", WHY),
    Row("POST", "agents/{spare}/resume/", "               200 200 403 403 404 404 401 403", WHY),
    Row("POST", "agents/{spare}/deprecate/", "            200 200 403 403 404 404 401 403", WHY),
    Row("POST", "agents/{agent}/tokens/", "               201 201 403 403 404 404 401 403", {}),
    Row("GET", "agents/{agent}/status/", "                200 200 200 200 404 404 401 200"),
    Row("GET", "agents/{agent}/status/history/", "        200 200 200 200 404 404 401 200"),
    Row("GET", "agents/{agent}/keys/", "                  200 200 200 200 404 404 401 200"),
    Row("POST", "agents/{agent}/keys/", "                 201 201 403 403 404 404 401 403", KEY),
    Row("POST", "agents/{agent}/keys/{key}/revoke/", "    200 200 403 403 404 404 401 403", WHY),
    Row("GET", "budgets/", "                              200 200 200 200 200 200 401 200"),
    Row("POST", "budgets/", "                             201 201 201 403 422 422 401 403", BUDGET),
    Row("GET", "budgets/{budget}/", "                     200 200 200 200 404 404 401 200"),
    Row("PATCH", "budgets/{budget}/", "                   200 200 200 403 404 404 401 403", {"warn_at": 50}),
    Row("GET", "emergency-stops/", "                      200 200 200 200 200 200 401 200"),
    Row(
        "POST",
        "emergency-stops/",
        "                                                 201 201 403 403 422 422 401 403",
        {"scope": "agent", "agent": "{agent}", "reason": "wild"},
    ),
    Row("GET", "emergency-stops/{stop}/", "               200 200 200 200 404 404 401 200"),
    Row("POST", "emergency-stops/{stop}/release/", "      200 200 403 403 404 404 401 403", WHY),
    Row("GET", "price-tables/", "                         200 200 200 200 200 200 401 200"),
    Row("POST", "price-tables/", "          201 403 403 403 403 403 401 403", PRICE_TABLE | {"prices": PRICES}),
    Row("GET", "price-tables/{price_table}/", "           200 200 200 200 200 404 401 200"),
    Row("GET", "quota-pools/", "                          200 200 200 200 200 200 401 200"),
    Row("POST", "quota-pools/", "                         201 403 403 403 403 403 401 403", POOL),
    Row("GET", "quota-pools/{pool}/", "                   200 200 200 200 200 404 401 200"),
    Row("PATCH", "quota-pools/{pool}/", "                 200 403 403 403 403 404 401 403", {"name": "q"}),
    Row("POST", "quota-pools/{pool}/open/", "             200 403 403 403 403 404 401 403", WHY),
    Row("GET", "costs/", "                                200 200 200 200 200 200 401 200"),
    Row("GET", "costs/summary/?group=agent", "            200 200 200 200 200 200 401 200"),
    Row("GET", "costs/{cost}/", "                         200 200 200 200 404 404 401 200"),
]

WRONG_FIELDS: Wrong = [
    ("POST agents/", {"agent_type": "robot"}, "agent_type"),
    ("POST agents/", {"capabilities": {"x": 1}}, "capabilities"),
    ("POST agents/", {"runtime": "llm", "model_provider": "openai"}, "model_name"),
    ("POST agents/", {"temperature": "2.5"}, "temperature"),
    ("POST agents/", {"quota_pool": "{project}"}, "quota_pool"),
    ("PATCH agents/{agent}/", {"capabilities": {"x": [1]}}, "capabilities"),
    ("PATCH agents/{agent}/", {"max_concurrent": 0}, "max_concurrent"),
    ("POST agents/{agent}/tokens/", {"days": 91}, "days"),
    ("POST agents/{agent}/keys/", {"public_key": "AAAA"}, "public_key"),
    ("POST agents/{agent}/keys/", {"proof": "A" * 86 + "=="}, "proof"),
    ("POST budgets/", {"unit": "runs", "period": "run"}, "period"),
    ("POST budgets/", {"warn_at": 99}, "warn_at"),
    ("POST budgets/", {"limit_amount": "0"}, "limit_amount"),
    ("POST budgets/", {"agent": "{agent}"}, "agent"),
    ("POST budgets/", {"scope": "task", "task": MISSING}, "task"),
    ("POST emergency-stops/", {"project": "{project}"}, "project"),
    ("POST price-tables/", {"prices": PRICES * 2}, "prices"),
    ("POST quota-pools/", {"limit_amount": 0}, "limit_amount"),
]
