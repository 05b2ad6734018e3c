"""Tasks and runs."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

CONTRACT_BODY = {"criteria": [{"kind": "command_exit", "title": "t", "parameters": {"command": "pytest"}}]}
TASK = "POST tasks/"
CONTRACT = "PUT tasks/{task}/contract/"

LISTS: tuple[str, ...] = (
    "assignments/",
    "executions/",
    "tasks/",
    "tasks/{part}/assignments/",
    "tasks/{whole}/children/",
    "tasks/{whole}/dependencies/",
)
BULK = "POST tasks/bulk/"
BULK_BODY = {"items": [{"project": "{project}", "title": "T"}]}
EXISTING = {"items": ["{task}"]}
NEED = {"depends_on": "{draft}", "reason": "needs it"}
ROLE = {"agent": "{agent}", "role": "primary"}

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
    Row("DELETE", "tasks/{task}/", "          204 204 204 403 404 404 401 403"),
    Row("POST", "tasks/{deleted}/restore/", " 200 200 200 404 404 404 401 403", WHY),
    Row("POST", "tasks/{task}/close/", "200 200 200 403 404 404 401 403", {"resolution": "wont_fix", "reason": "No."}),
    Row("GET", "tasks/{whole}/children/", "  200 200 200 200 404 404 401 200"),
    Row("GET", "tasks/{whole}/dependencies/", "200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{task}/dependencies/", "201 201 201 403 404 404 401 403", NEED),
    Row("DELETE", "tasks/{whole}/dependencies/{dependency}/", "204 204 204 403 404 404 401 403"),
    Row("GET", "tasks/{part}/assignments/", " 200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{task}/assignments/", "201 201 201 403 404 404 401 403", ROLE),
    Row("GET", "assignments/", "              200 200 200 200 200 200 401 200"),
    Row("POST", "assignments/", "             201 201 201 403 422 422 401 403", ROLE | {"task": "{task}"}),
    Row("GET", "assignments/{assignment}/", " 200 200 200 200 404 404 401 200"),
    Row("DELETE", "assignments/{assignment}/", "204 204 204 403 404 404 401 403"),
    Row("POST", "tasks/bulk/", "              201 201 201 403 422 422 401 403", BULK_BODY),
    Row("PATCH", "tasks/bulk/", "200 200 200 403 422 422 401 403", {"items": [{"id": "{task}", "priority": "low"}]}),
    Row("POST", "tasks/bulk/assign/", "       200 200 200 403 422 422 401 403", EXISTING),
    Row(
        "POST",
        "tasks/bulk/close/",
        "200 200 200 403 422 422 401 403",
        EXISTING | {"resolution": "cancelled", "reason": "No."},
    ),
    Row("GET", "executions/", "               200 200 200 200 200 200 401 200"),
    Row("GET", "executions/{execution}/", "   200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "executions/{execution}/direct/",
        "200 200 200 403 404 404 401 403",
        {"directive": "wrap_up", "reason": "Enough."},
    ),
    Row("POST", "executions/{execution}/cancel/", "200 200 200 403 404 404 401 403", WHY),
    Row("GET", "executions/{execution}/log/", "200 200 200 200 404 404 401 200"),
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
    (TASK, {"parent": MISSING}, "parent"),
    (TASK, {"phase": MISSING}, "phase"),
    (TASK, {"group": MISSING}, "group"),
    (TASK, {"assigned_user": "{engineer}", "assigned_agent": "{agent}"}, "assigned_user"),
    (TASK, {"assigned_user": "{stranger}"}, "assigned_user"),
    (TASK, {"verification": "verified"}, "verification"),
    (TASK, {"soft_timeout_seconds": 60, "hard_timeout_seconds": 59}, "soft_timeout_seconds"),
    (TASK, {"inactivity_seconds": 604801}, "inactivity_seconds"),
    (TASK, {"estimated_hours": "-1"}, "estimated_hours"),
    (TASK, {"github_url": "javascript:alert(1)"}, "github_url"),
    (TASK, {"github_pr_number": 2**31}, "github_pr_number"),
    (TASK, {"due_date": "tomorrow"}, "due_date"),
    (TASK, {"ai_suggestions": ["words"]}, "ai_suggestions[0]"),
    ("POST tasks/{task}/close/", {"resolution": "done"}, "resolution"),
    ("POST tasks/{task}/close/", {"reason": ""}, "reason"),
    ("POST tasks/{task}/dependencies/", {"depends_on": None}, "depends_on"),
    ("POST tasks/{task}/dependencies/", {"depends_on": "{task}"}, "depends_on"),
    ("POST tasks/{task}/dependencies/", {"kind": "needs"}, "kind"),
    ("POST tasks/{task}/assignments/", {"role": "owner"}, "role"),
    ("POST tasks/{task}/assignments/", {"user": "{engineer}"}, "user"),
    ("POST assignments/", {"task": None}, "task"),
    ("POST assignments/", {"scope": ["1.1"]}, "scope"),
    (BULK, {"items": []}, "items"),
    (BULK, {"items": [{"project": "{project}", "title": "t"}, {"project": "{project}"}]}, "items[1].title"),
    (BULK, {"items": [{"project": "{project}", "title": "t", "plan": MISSING}]}, "items[0].plan"),
    ("PATCH tasks/bulk/", {"items": [{"id": MISSING, "title": "t"}]}, "items[0].id"),
    ("POST tasks/bulk/assign/", {"items": ["{task}", "{task}"]}, "items[1]"),
    ("POST tasks/bulk/close/", {"items": [MISSING]}, "items[0]"),
    (CONTRACT, {"criteria": []}, "criteria"),
    (CONTRACT, {"criteria": [{"kind": "magic", "title": "t"}]}, "criteria[0].kind"),
    (CONTRACT, {"criteria": [{"kind": "command_exit", "title": "t"}]}, "criteria[0].parameters"),
    (
        CONTRACT,
        {"criteria": [{"kind": "file_digest", "title": "t", "parameters": {"path": ["x"], "sha256": "y"}}]},
        "criteria[0].parameters.path",
    ),
]
