"""The worker protocol: people have not the scope, and no lease."""

from tests.api.table.row import Row, Wrong

LEASE = {"Lease-Token": "{lease}"}
REDEEMING = {"Lease-Token": "{redeeming_lease}"}
PIECE = {"source_type": "test_result", "title": "t", "content": "x"}
ARTIFACT = {"artifact_type": "agent_output", "path": "out", "text": "x"}
LEAVE = "POST executions/{execution}/artifacts/"
CLAIM = "POST tasks/claim/"
BEAT = "POST executions/{execution}/heartbeat/"
EVIDENCE = "POST executions/{execution}/evidence/"
ASK = "POST executions/{execution}/approvals/"

LISTS: tuple[str, ...] = ()

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("POST", "tasks/claim/", "             403 403 403 403 403 403 401 200", {}),
    Row("POST", "executions/{execution}/heartbeat/", "403 403 403 403 403 403 401 200", {}, LEASE),
    Row("POST", "executions/{execution}/evidence/", "403 403 403 403 403 403 401 201", PIECE, LEASE),
    Row("POST", "executions/{execution}/artifacts/", "403 403 403 403 403 403 401 201", ARTIFACT, LEASE),
    Row(
        "POST",
        "executions/{execution}/approvals/",
        "403 403 403 403 403 403 401 201",
        {"kind": "question", "question": "?", "action": {}},
        LEASE,
    ),
    Row("GET", "executions/{redeeming}/approvals/{granted}/", "404 404 404 404 404 404 401 200"),
    Row(
        "POST",
        "executions/{redeeming}/approvals/{granted}/redeem/",
        "403 403 403 403 403 403 401 200",
        {"digest": "{granted_digest}"},
        REDEEMING,
    ),
    Row("POST", "executions/{execution}/log/?offset=0", "403 403 403 403 403 403 401 200", b"bytes", LEASE),
    Row("POST", "executions/{execution}/complete/", "403 403 403 403 403 403 401 200", {"result": {}}, LEASE),
    Row(
        "POST",
        "executions/{execution}/fail/",
        "403 403 403 403 403 403 401 200",
        {"error": "e", "retryable": True},
        LEASE,
    ),
    Row("POST", "executions/{execution}/release/", "403 403 403 403 403 403 401 200", {}, LEASE),
]

WRONG_FIELDS: Wrong = [
    (CLAIM, {"lease_seconds": 0}, "lease_seconds"),
    (CLAIM, {"limit": 11}, "limit"),
    (CLAIM, {"capabilities": "pytest"}, "capabilities"),
    (CLAIM, {"projects": ["x"]}, "projects[0]"),
    (BEAT, {"progress": 101}, "progress"),
    (BEAT, {"usage": {"input_tokens": -1}}, "usage.input_tokens"),
    (BEAT, {"usage": {"input_tokens": 2**63}}, "usage.input_tokens"),
    (BEAT, {"usage": {"cost_usd": "1e99"}}, "usage.cost_usd"),
    (BEAT, {"usage": {"surplus": 1}}, "usage.surplus"),
    (EVIDENCE, {"source_type": "rumour"}, "source_type"),
    (EVIDENCE, {"content_sha256": "ABC"}, "content_sha256"),
    (EVIDENCE, {"data": [1]}, "data"),
    (LEAVE, {"path": "/x"}, "path"),
    (LEAVE, {"text": ""}, "content"),
    (LEAVE, {"content": {"summary": "x"}}, "content"),
    (LEAVE, {"artifact_type": "poem"}, "artifact_type"),
    (ASK, {"kind": "phase_gate"}, "kind"),
    (ASK, {"action": "rm"}, "action"),
    (ASK, {"action": {"n": 2**60}}, "action"),
    (ASK, {"target_commit": "HEAD"}, "target_commit"),
    (ASK, {"options": []}, "options"),
    (ASK, {"options": [{"key": "a", "label": "A", "action": "explode"}]}, "options[0].action"),
    (ASK, {"expires_in": 0}, "expires_in"),
    ("POST executions/{execution}/fail/", {"retryable": "perhaps"}, "retryable"),
    ("POST executions/{execution}/fail/", {"error": ""}, "error"),
    ("POST executions/{execution}/fail/", {"error_category": "luck"}, "error_category"),
    ("POST executions/{execution}/fail/", {"error_code": "two words"}, "error_code"),
]
