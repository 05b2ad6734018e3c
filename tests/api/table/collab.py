"""Comments, files, checklists, handoffs, blockers and the journal."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

SAY = {"content": "Hello."}
LINE = {"text": "Look"}
TICK = {"done": True}
READ = {"log_read": True, "commits_reviewed": True, "blockers_checked": True}
HANDOFF = {"task": "{draft}", "to_user": "{reviewer}", "phase": "coding"}
FILE = {"task": "{task}", "path": "b.py", "change": "created"}
COMMIT = {"task": "{task}", "message": "Done", "hash": "a" * 40}
LEASE = {"Lease-Token": "{lease}"}
OWN = "executions/{execution}/"
TELLS = "403 403 403 403 403 403 401 201"
MAKES = "201 201 201 403 422 422 401 403"

LISTS: tuple[str, ...] = (
    "tasks/{talked}/comments/",
    "tasks/{talked}/attachments/",
    "tasks/{talked}/checklist/",
    "gates/{checked_gate}/checklist/",
    "handoffs/",
    "blockers/",
    "work-log/",
    "commits/",
    "file-changes/",
)

ROWS = [
    #                                                      admin eng rev vie str oth ano age
    Row("GET", "tasks/{talked}/comments/", "                  200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{talked}/comments/", "                 201 201 201 403 404 404 401 403", SAY),
    Row("GET", "tasks/{talked}/comments/{comment}/", "        200 200 200 200 404 404 401 200"),
    Row("PATCH", "tasks/{talked}/comments/{comment}/", "      403 200 403 403 404 404 401 403", SAY),
    Row("DELETE", "tasks/{talked}/comments/{comment}/", "     204 204 204 403 404 404 401 403"),
    Row("GET", "tasks/{talked}/attachments/", "               200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{talked}/attachments/", "              201 201 201 403 404 404 401 403", b"bytes"),
    Row("GET", "tasks/{talked}/attachments/{attachment}/", "  200 200 200 200 404 404 401 200"),
    Row("DELETE", "tasks/{talked}/attachments/{attachment}/", "204 204 204 403 404 404 401 403"),
    Row("GET", "tasks/{talked}/attachments/{attachment}/content/", "200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{talked}/attachments/{attachment}/evidence/", "200 200 200 403 404 404 401 403", {}),
    Row("GET", "tasks/{talked}/checklist/", "                 200 200 200 200 404 404 401 200"),
    Row("POST", "tasks/{talked}/checklist/", "                201 201 201 403 404 404 401 403", LINE),
    Row("PUT", "tasks/{talked}/checklist/order/", "           200 200 200 403 404 404 401 403", {"items": ["{line}"]}),
    Row("PATCH", "tasks/{talked}/checklist/{line}/", "        200 200 200 403 404 404 401 403", LINE),
    Row("DELETE", "tasks/{talked}/checklist/{line}/", "       204 204 204 403 404 404 401 403"),
    Row("POST", "tasks/{talked}/checklist/{line}/tick/", "    200 200 200 403 404 404 401 403", TICK),
    Row("GET", "gates/{checked_gate}/checklist/", "         200 200 200 200 404 404 401 200"),
    Row("POST", "gates/{checked_gate}/checklist/", "        201 201 201 403 404 404 401 403", LINE),
    Row(
        "PUT",
        "gates/{checked_gate}/checklist/order/",
        "200 200 200 403 404 404 401 403",
        {"items": ["{gate_line}"]},
    ),
    Row("PATCH", "gates/{checked_gate}/checklist/{gate_line}/", "200 200 200 403 404 404 401 403", LINE),
    Row("DELETE", "gates/{checked_gate}/checklist/{gate_line}/", "204 204 204 403 404 404 401 403"),
    Row("POST", "gates/{checked_gate}/checklist/{gate_line}/tick/", "200 200 200 403 404 404 401 403", TICK),
    Row("GET", "handoffs/", "                               200 200 200 200 200 200 401 200"),
    Row("POST", "handoffs/", "                              201 201 422 403 422 422 401 403", HANDOFF),
    Row("GET", "handoffs/{drafted}/", "                     200 200 200 200 404 404 401 200"),
    Row("PATCH", "handoffs/{drafted}/", "                   200 200 200 403 404 404 401 403", {"summary": "More."}),
    Row("POST", "handoffs/{drafted}/submit/", "             200 200 200 403 404 404 401 403", {}),
    Row("POST", "handoffs/{offered}/accept/", "             200 200 403 403 404 404 401 200", READ),
    Row("POST", "handoffs/{offered}/reject/", "             200 200 403 403 404 404 401 200", WHY),
    Row("POST", "handoffs/{accepted}/complete/", "          200 200 403 403 404 404 401 200", {}),
    Row("GET", "blockers/", "                               200 200 200 200 200 200 401 200"),
    Row("POST", "blockers/", MAKES, {"task": "{task}", "reason": "No disk"}),
    Row("GET", "blockers/{blocker}/", "                     200 200 200 200 404 404 401 200"),
    Row("POST", "blockers/{blocker}/resolve/", "            200 200 200 403 404 404 401 403", {"resolution": "Up."}),
    Row("GET", "work-log/", "                               200 200 200 200 200 200 401 200"),
    Row("POST", "work-log/", MAKES, {"task": "{task}", "text": "Began."}),
    Row("GET", "work-log/{logged}/", "                      200 200 200 200 404 404 401 200"),
    Row("GET", "commits/", "                                200 200 200 200 200 200 401 200"),
    Row("POST", "commits/", MAKES, COMMIT),
    Row("GET", "commits/{commit}/", "                       200 200 200 200 404 404 401 200"),
    Row("POST", "commits/{commit}/settle/", "               200 200 200 403 404 404 401 403", {"hash": "b" * 40}),
    Row("GET", "file-changes/", "                           200 200 200 200 200 200 401 200"),
    Row("POST", "file-changes/", MAKES, FILE),
    Row("GET", "file-changes/{file}/", "                    200 200 200 200 404 404 401 200"),
    Row("POST", "file-changes/{file}/move/", "              200 200 200 403 404 404 401 403", {"status": "done"}),
    Row("POST", f"{OWN}comments/", TELLS, SAY, LEASE),
    Row("POST", f"{OWN}worklog/", TELLS, {"text": "Began."}, LEASE),
    Row("POST", f"{OWN}commits/", TELLS, {"message": "Done"}, LEASE),
    Row("POST", f"{OWN}file-changes/", TELLS, {"path": "b.py", "change": "modified"}, LEASE),
    Row("POST", f"{OWN}checklist/", TELLS, {"item": "{running_line}", "done": True}, LEASE),
    Row(
        "POST",
        f"{OWN}handoffs/",
        TELLS,
        {"to_user": "{reviewer}", "phase": "review", "summary": "s", "gotchas": "g"},
        LEASE,
    ),
    Row("POST", f"{OWN}blockers/", TELLS, {"reason": "No disk"}, LEASE),
    Row("POST", f"{OWN}attachments/", TELLS, b"bytes", LEASE),
]

COMMENT = "POST tasks/{talked}/comments/"
GIVE = "POST handoffs/"
LOG = "POST work-log/"
RECORD = "POST commits/"
CHANGE = "POST file-changes/"
WRONG_FIELDS: Wrong = [
    (COMMENT, {"content": " "}, "content"),
    (COMMENT, {"content": "x" * 65_537}, "content"),
    (COMMENT, {"content_type": "html"}, "content_type"),
    (COMMENT, {"reply_to": MISSING}, "reply_to"),
    ("POST tasks/{talked}/checklist/", {"text": ""}, "text"),
    ("POST tasks/{talked}/checklist/{line}/tick/", {"evidence": MISSING}, "evidence"),
    ("PUT tasks/{talked}/checklist/order/", {"items": [MISSING]}, "items"),
    (GIVE, {"task": MISSING}, "task"),
    (GIVE, {"phase": "lunch"}, "phase"),
    (GIVE, {"commits": ["HEAD"]}, "commits[0]"),
    (GIVE, {"artifact_ids": [MISSING]}, "artifact_ids"),
    ("POST handoffs/{offered}/accept/", {"log_read": False}, "log_read"),
    ("POST blockers/", {"reason": ""}, "reason"),
    (LOG, {"kind": "bragged"}, "kind"),
    (LOG, {"at": "2999-01-01T00:00:00Z"}, "at"),
    (RECORD, {"hash": "HEAD"}, "hash"),
    (RECORD, {"further_task_ids": [MISSING]}, "further_task_ids"),
    (CHANGE, {"change": "copied"}, "copied_from"),
    (CHANGE, {"lines_added": -1}, "lines_added"),
    (CHANGE, {"commit": MISSING}, "commit"),
    (f"POST {OWN}checklist/", {"item": MISSING}, "item"),
]
