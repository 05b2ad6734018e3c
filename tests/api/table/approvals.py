"""Approvals and standing rules."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

ANSWER = {"action": "approve", "comment": "Fine.", "digest": "{digest}"}
BULK = {"action": "approve", "comment": "Fine.", "items": [{"approval": "{approval}", "digest": "{digest}"}]}
ASK = {"project": "{project}", "kind": "budget_override", "question": "More?", "action": {"usd": 5}}
RULE = {
    "project": "{project}",
    "kind": "question",
    "answer": "approve",
    "reason": "Harmless.",
    "expires_at": "{tomorrow}",
}
RESPOND = "POST approvals/{approval}/respond/"
MANY = "POST approvals/bulk-respond/"

LISTS: tuple[str, ...] = ("approvals/", "standing-rules/")

ROWS = [
    #                                              admin eng rev vie str oth ano age
    Row("GET", "approvals/", "                      200 200 200 200 200 200 401 200"),
    Row("POST", "approvals/", "                     201 201 201 403 422 422 401 403", ASK),
    Row("GET", "approvals/{approval}/", "           200 200 200 200 404 404 401 200"),
    Row("GET", "approvals/{approval}/history/", "   200 200 200 200 404 404 401 200"),
    Row("GET", "approvals/statistics/", "           200 200 200 200 200 200 401 200"),
    Row("POST", "approvals/{approval}/respond/", "  200 403 200 403 404 404 401 403", ANSWER),
    Row("POST", "approvals/bulk-respond/", "        200 403 200 403 422 422 401 403", BULK),
    Row("GET", "standing-rules/", "                 200 200 200 200 200 200 401 200"),
    Row("POST", "standing-rules/", "                201 201 201 403 422 422 401 403", RULE),
    Row("GET", "standing-rules/{standing_rule}/", "          200 200 200 200 404 404 401 200"),
    Row("POST", "standing-rules/{standing_rule}/revoke/", "  200 200 200 403 404 404 401 403", WHY),
]

WRONG_FIELDS: Wrong = [
    (RESPOND, {"action": "maybe"}, "action"),
    (RESPOND, {"comment": "  "}, "comment"),
    (RESPOND, {"digest": "zz"}, "digest"),
    (RESPOND, {"action": "amend"}, "amended_content"),
    (RESPOND, {"selected_option": "invented"}, "selected_option"),
    (RESPOND, {"selected_option": "reject"}, "selected_option"),
    (MANY, {"action": "amend"}, "action"),
    (MANY, {"items": []}, "items"),
    (MANY, {"items": [{"approval": MISSING, "digest": "0" * 64}]}, "items[0].approval"),
    ("POST approvals/", {"kind": "pre_execution"}, "kind"),
    ("POST approvals/", {"kind": "phase_gate"}, "phase"),
    ("POST standing-rules/", {"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
    ("POST standing-rules/", {"highest_risk": "critical"}, "highest_risk"),
    ("POST standing-rules/", {"max_uses": 0}, "max_uses"),
]
