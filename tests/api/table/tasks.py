"""Tasks, runs and approvals."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

CONTRACT_BODY = {"criteria": [{"kind": "command_exit", "title": "t", "parameters": {"command": "pytest"}}]}
ANSWER = {"action": "approve", "comment": "Fine.", "digest": "{digest}"}
TASK = "POST tasks/"
CONTRACT = "PUT tasks/{task}/contract/"
RESPOND = "POST approvals/{approval}/respond/"

LISTS: tuple[str, ...] = ("approvals/", "executions/", "tasks/")

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "tasks/", "                    200 200 200 200 200 200 401 200"),
    Row("POST", "tasks/", "                   201 201 201 403 422 422 401 403", {"project": "{project}", "title": "T"}),
    Row("GET", "tasks/{task}/", "             200 200 200 200 404 404 401 200"),
    Row("PATCH", "tasks/{task}/", "           200 200 200 403 404 404 401 403", {"title": "T"}),
    Row("POST", "tasks/{task}/cancel/", "     200 200 200 403 404 404 401 403", WHY),
    Row("POST", "tasks/{draft}/reopen/", "    200 200 200 403 404 404 401 403", WHY),
    Row("GET", "tasks/{judged}/contract/", "  200 200 200 200 404 404 401 200"),
    Row("PUT", "tasks/{task}/contract/", "    201 201 201 403 404 404 401 403", CONTRACT_BODY),
    Row(
        "POST",
        "tasks/{review}/signoff/",
        "201 403 201 403 404 404 401 403",
        {"approved": True, "comment": "Seen."},
    ),
    Row("GET", "executions/", "               200 200 200 200 200 200 401 200"),
    Row("GET", "executions/{execution}/", "   200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "executions/{execution}/direct/",
        "200 200 200 403 404 404 401 403",
        {"directive": "wrap_up", "reason": "Enough."},
    ),
    Row("GET", "executions/{execution}/log/", "200 200 200 200 404 404 401 200"),
    Row("GET", "approvals/", "                200 200 200 200 200 200 401 200"),
    Row("GET", "approvals/{approval}/", "     200 200 200 200 404 404 401 200"),
    Row("POST", "approvals/{approval}/respond/", "200 403 200 403 404 404 401 403", ANSWER),
]

WRONG_FIELDS: Wrong = [
    (TASK, {"title": " "}, "title"),
    (TASK, {"title": "x" * 501}, "title"),
    (TASK, {"title": 5 * ["x"]}, "title"),
    (TASK, {"priority": "urgent"}, "priority"),
    (TASK, {"type": "Bug"}, "type"),
    (TASK, {"status": "closed"}, "status"),
    (TASK, {"complexity": 14}, "complexity"),
    (TASK, {"input": []}, "input"),
    (TASK, {"labels": "x"}, "labels"),
    (TASK, {"labels": [{"a": 1}]}, "labels[0]"),
    (TASK, {"project": "12"}, "project"),
    (TASK, {"project": MISSING}, "project"),
    (TASK, {"plan": MISSING}, "plan"),
    (TASK, {"assigned_agent": MISSING}, "assigned_agent"),
    (TASK, {"max_attempts": 0}, "max_attempts"),
    (CONTRACT, {"criteria": []}, "criteria"),
    (CONTRACT, {"criteria": [{"kind": "magic", "title": "t"}]}, "criteria[0].kind"),
    (CONTRACT, {"criteria": [{"kind": "command_exit", "title": "t"}]}, "criteria[0].parameters"),
    (
        CONTRACT,
        {"criteria": [{"kind": "file_digest", "title": "t", "parameters": {"path": ["x"], "sha256": "y"}}]},
        "criteria[0].parameters.path",
    ),
    (RESPOND, {"action": "maybe"}, "action"),
    (RESPOND, {"comment": "  "}, "comment"),
    (RESPOND, {"digest": "zz"}, "digest"),
    (RESPOND, {"action": "amend"}, "amended_content"),
    (RESPOND, {"selected_option": "invented"}, "selected_option"),
    (RESPOND, {"selected_option": "reject"}, "selected_option"),
]
