"""Phases, gates, reviews, decisions and escalations."""

from tests.api.table.row import MISSING, WHY, Row, Wrong

#                admin eng rev vie str oth ano age
SEEN = "         200 200 200 200 404 404 401 200"
LISTED = "       200 200 200 200 200 200 401 200"
MADE = "         201 201 201 403 422 422 401 403"
CHANGED = "      200 200 200 403 404 404 401 403"
GONE = "         204 204 204 403 404 404 401 403"
IN_PHASE = {"phase": "{phase}"}
CHECKS = "gates/{open_gate}/checks/"
RUN = {"exit_code": 0, "output": "ok", "evidence": "{run_evidence}"}

LISTS: tuple[str, ...] = (
    "phases/",
    "phase-approvals/",
    "success-criteria/",
    "success-metrics/",
    "task-groups/",
    "task-group-dependencies/",
    "gates/",
    CHECKS,
    "reviews/",
    "decision-records/",
    "escalation-rules/",
    "escalations/",
)

ROWS = [
    Row("GET", "phases/", LISTED),
    Row("POST", "phases/", MADE, {"plan": "{plan}", "name": "P"}),
    Row("GET", "phases/{phase}/", SEEN),
    Row("PATCH", "phases/{phase}/", CHANGED, {"goal": "G"}),
    Row("POST", "phases/{next_phase}/start/", CHANGED, {}),
    Row("POST", "phases/{phase}/block/", CHANGED, WHY),
    Row("POST", "phases/{held_phase}/resume/", CHANGED, WHY),
    Row("POST", "phases/{phase}/cancel/", CHANGED, WHY),
    Row("POST", "phases/{done_phase}/complete/", CHANGED, {}),
    Row("GET", "phase-approvals/", LISTED),
    Row("POST", "phase-approvals/", MADE, IN_PHASE | {"verdict": "changes_requested"}),
    Row("GET", "phase-approvals/{phase_approval}/", SEEN),
    Row("GET", "success-criteria/", LISTED),
    Row("POST", "success-criteria/", MADE, IN_PHASE | {"text": "T"}),
    Row("GET", "success-criteria/{criterion_row}/", SEEN),
    Row("PATCH", "success-criteria/{criterion_row}/", CHANGED, {"text": "T"}),
    Row("POST", "success-criteria/{criterion_row}/decide/", CHANGED, {"state": "met", "evidence": "{run_evidence}"}),
    Row("GET", "success-metrics/", LISTED),
    Row("POST", "success-metrics/", MADE, IN_PHASE | {"name": "M", "target": "1"}),
    Row("GET", "success-metrics/{metric}/", SEEN),
    Row("PATCH", "success-metrics/{metric}/", CHANGED, {"target": "5"}),
    Row("GET", "task-groups/", LISTED),
    Row("POST", "task-groups/", MADE, IN_PHASE | {"name": "G"}),
    Row("GET", "task-groups/{group}/", SEEN),
    Row("PATCH", "task-groups/{group}/", CHANGED, {"label": "Day 5"}),
    Row("GET", "task-group-dependencies/", LISTED),
    Row("POST", "task-group-dependencies/", MADE, {"group": "{third_group}", "depends_on": "{group}"}),
    Row("GET", "task-group-dependencies/{group_dependency}/", SEEN),
    Row("DELETE", "task-group-dependencies/{group_dependency}/", GONE),
    Row("GET", "gates/", LISTED),
    Row("POST", "gates/", MADE, IN_PHASE | {"kind": "final", "name": "Final"}),
    Row("GET", "gates/{gate}/", SEEN),
    Row("PATCH", "gates/{gate}/", CHANGED, {"name": "N"}),
    Row("POST", "gates/{gate}/open/", CHANGED, {}),
    Row("POST", "gates/{gate}/waive/", CHANGED, WHY),
    Row("GET", CHECKS, SEEN),
    Row("POST", CHECKS, "201 201 201 403 404 404 401 403", {"text": "T"}),
    Row("GET", f"{CHECKS}{{manual_check}}/", SEEN),
    Row("POST", f"{CHECKS}{{manual_check}}/verdict/", CHANGED, {"state": "pass"}),
    Row("POST", f"{CHECKS}{{run_check}}/run/", CHANGED, RUN),
    Row("POST", f"{CHECKS}{{manual_check}}/waive/", CHANGED, WHY),
    Row("GET", "reviews/", LISTED),
    Row("POST", "reviews/", MADE, {"gate": "{reviewable}", "verdict": "approved"}),
    Row("GET", "reviews/{review_row}/", SEEN),
    Row("GET", "decision-records/", LISTED),
    Row("POST", "decision-records/", MADE, {"project": "{project}", "title": "T", "decision": "D"}),
    Row("GET", "decision-records/{decision_record}/", SEEN),
    Row("POST", "decision-records/{decision_record}/accept/", CHANGED, {}),
    Row("GET", "escalation-rules/", LISTED),
    Row("POST", "escalation-rules/", MADE, {"project": "{project}", "area": "A", "trigger": "T"}),
    Row("GET", "escalation-rules/{rule}/", SEEN),
    Row("PATCH", "escalation-rules/{rule}/", CHANGED, {"trigger": "T"}),
    Row("GET", "escalations/", LISTED),
    Row("GET", "escalations/{escalation}/", SEEN),
    Row("POST", "escalations/{escalation}/resolve/", CHANGED, {"resolution": "Mended."}),
]

WRONG_FIELDS: Wrong = [
    ("POST phases/", {"plan": MISSING}, "plan"),
    ("POST phases/", {"estimated_days_min": 5, "estimated_days_max": 3}, "estimated_days_max"),
    ("POST phases/", {"number": -1}, "number"),
    ("PATCH phases/{phase}/", {"depends_on": MISSING}, "depends_on"),
    ("POST phase-approvals/", {"verdict": "maybe"}, "verdict"),
    ("POST phase-approvals/", {"verdict": "approved"}, "transition_document"),
    ("POST success-criteria/{criterion_row}/decide/", {"state": "pending"}, "state"),
    ("POST success-criteria/{criterion_row}/decide/", {"evidence": MISSING}, "evidence"),
    ("POST success-criteria/{criterion_row}/decide/", {"state": "waived"}, "reason"),
    ("POST success-metrics/", {"operator": "between"}, "target_max"),
    ("POST success-metrics/", {"target": "NaN"}, "target"),
    ("POST task-group-dependencies/", {"depends_on": MISSING}, "depends_on"),
    ("POST gates/", {"owner_agent": MISSING}, "owner_agent"),
    ("POST gates/", {"after_group": MISSING}, "after_group"),
    (f"POST {CHECKS}", {"kind": "command"}, "command"),
    (f"POST {CHECKS}{{manual_check}}/verdict/", {"state": "skipped"}, "reason"),
    (f"POST {CHECKS}{{run_check}}/run/", {"exit_code": 1}, "evidence"),
    (f"POST {CHECKS}{{run_check}}/run/", {"evidence": MISSING}, "evidence"),
    ("POST reviews/", {"verdict": "changes_requested"}, "comments"),
    ("POST reviews/", {"reopen_tasks": [MISSING]}, "reopen_tasks"),
    ("POST reviews/", {"patterns": [{"name": "RLS", "preserved": False}]}, "patterns"),
    ("POST decision-records/", {"phase": MISSING}, "phase"),
    ("POST escalation-rules/", {"backup_agent": MISSING}, "backup_agent"),
]
