"""Evidence."""

from evidence.credibility import DOCUMENT_V1
from tests.api.table.row import MISSING, WHY, Row, Wrong

PIECE = {"project": "{project}", "source_type": "test_result", "title": "pytest", "content": "42 passed"}
CLAIM = {"project": "{project}", "subject": "main", "predicate": "passes", "value": True}
DECISION = {"project": "{project}", "question": "Release?", "outcome": "Yes.", "basis": [{"evidence": "{older}"}]}
CHAIN = {"project": "{project}", "primary": "{older}", "members": [{"evidence": "{newer}"}]}
REVIEW = {"method": "human_review", "verdict": "confirm"}
ARGUMENT = {"evidence": "{spare_evidence}", "role": "supports"}
LINK = {"to": "{older}", "kind": "supports"}

NEXT_POLICY = {**DOCUMENT_V1, "version": 2}

LISTS: tuple[str, ...] = (
    "evidence/",
    "evidence/{older}/attestations/",
    "evidence/{older}/links/",
    "evidence/{older}/history/",
    "claims/",
    "decisions/",
    "chains/",
    "credibility-policies/",
)

ROWS = [
    #                                        admin eng rev vie str oth ano age
    Row("GET", "evidence/", "                 200 200 200 200 200 200 401 200"),
    Row("POST", "evidence/", "                201 201 201 403 422 422 401 403", PIECE),
    Row("POST", "evidence/bulk/", "           201 201 201 403 422 422 401 403", {"items": [PIECE, PIECE]}),
    Row("GET", "evidence/{evidence}/", "      200 200 200 200 404 404 401 200"),
    Row("PATCH", "evidence/{evidence}/", "    200 200 200 403 404 404 401 403", {"tags": ["ci"]}),
    Row("POST", "evidence/{evidence}/verify/", "200 403 200 403 404 404 401 403", {}),
    Row("POST", "evidence/{evidence}/reject/", "200 403 200 403 404 404 401 403", {"note": "No."}),
    Row(
        "POST",
        "evidence/{evidence}/override/",
        "200 403 200 403 404 404 401 403",
        {"verdict": "refute", "reason": "It proves nothing."},
    ),
    Row("GET", "evidence/{older}/explain/", " 200 200 200 200 404 404 401 200"),
    Row("GET", "evidence/{older}/attestations/", "200 200 200 200 404 404 401 200"),
    Row("POST", "evidence/{newer}/attestations/", "201 403 201 403 404 404 401 403", REVIEW),
    Row("GET", "evidence/{older}/attestations/{attestation}/", "200 200 200 200 404 404 401 200"),
    Row(
        "POST",
        "evidence/{older}/attestations/{attestation}/revoke/",
        "200 403 200 403 404 404 401 403",
        WHY,
    ),
    Row("GET", "evidence/{older}/links/", "   200 200 200 200 404 404 401 200"),
    Row("POST", "evidence/{newer}/links/", "  201 201 201 403 404 404 401 403", LINK),
    Row("POST", "evidence/{older}/links/{link}/retract/", "200 200 200 403 404 404 401 403", WHY),
    Row("GET", "evidence/{older}/history/", " 200 200 200 200 404 404 401 200"),
    Row("GET", "claims/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "claims/", "                  201 201 201 403 422 422 401 403", CLAIM),
    Row("GET", "claims/{claim}/", "           200 200 200 200 404 404 401 200"),
    Row("POST", "claims/{claim}/arguments/", "201 201 201 403 404 404 401 403", ARGUMENT),
    Row("POST", "claims/{claim}/arguments/{argument}/retract/", "200 200 200 403 404 404 401 403", WHY),
    Row("POST", "claims/{claim}/withdraw/", " 200 200 200 403 404 404 401 403", WHY),
    Row("GET", "decisions/", "                200 200 200 200 200 200 401 200"),
    Row("POST", "decisions/", "               201 201 201 403 422 422 401 403", DECISION),
    Row("GET", "decisions/{decision}/", "     200 200 200 200 404 404 401 200"),
    Row("POST", "decisions/{decision}/withdraw/", "200 200 200 403 404 404 401 403", WHY),
    Row("GET", "chains/", "                   200 200 200 200 200 200 401 200"),
    Row("POST", "chains/", "                  201 201 201 403 422 422 401 403", CHAIN),
    Row("GET", "chains/{chain}/", "           200 200 200 200 404 404 401 200"),
    Row("POST", "chains/{chain}/items/", "    201 201 201 403 404 404 401 403", {"evidence": "{spare_evidence}"}),
    Row("DELETE", "chains/{chain}/items/{newer}/", "204 204 204 403 404 404 401 403"),
    Row("GET", "credibility-policies/", "     200 200 200 200 200 200 401 200"),
    Row("GET", "credibility-policies/{policy}/", "200 200 200 200 200 404 401 200"),
    Row("POST", "credibility-policies/", "    201 403 403 403 403 403 401 403", {"document": NEXT_POLICY}),
]

EVIDENCE = "POST evidence/"
BULK = "POST evidence/bulk/"
ATTEST = "POST evidence/{newer}/attestations/"
MAKE_LINK = "POST evidence/{newer}/links/"
DECIDE = "POST decisions/"
MAKE_CHAIN = "POST chains/"

WRONG_FIELDS: Wrong = [
    (EVIDENCE, {"source_type": "hearsay"}, "source_type"),
    (EVIDENCE, {"title": "x" * 501}, "title"),
    (EVIDENCE, {"content": 5 * ["x"]}, "content"),
    (EVIDENCE, {"content_sha256": "x"}, "content_sha256"),
    (EVIDENCE, {"content_sha256": "0" * 64}, "content_sha256"),
    (EVIDENCE, {"grade": "human"}, "grade"),
    (EVIDENCE, {"credibility": "1"}, "credibility"),
    (EVIDENCE, {"task": MISSING}, "task"),
    (EVIDENCE, {"project": MISSING}, "project"),
    (EVIDENCE, {"source_url": "javascript:alert(1)"}, "source_url"),
    (EVIDENCE, {"tags": ["x" * 101]}, "tags[0]"),
    (EVIDENCE, {"data": []}, "data"),
    (EVIDENCE, {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    (EVIDENCE, {"collected_at": "2999-01-01T00:00:00Z"}, "collected_at"),
    (BULK, {"items": []}, "items"),
    (ATTEST, {"method": "hearsay"}, "method"),
    (ATTEST, {"verdict": "maybe"}, "verdict"),
    (ATTEST, {"envelope": {}}, "envelope"),
    (MAKE_LINK, {"to": MISSING}, "to"),
    (MAKE_LINK, {"kind": "likes"}, "kind"),
    (MAKE_LINK, {"strength": "1.5"}, "strength"),
    (DECIDE, {"basis": []}, "basis"),
    (DECIDE, {"basis": [{}]}, "basis[0]"),
    (DECIDE, {"basis": [{"evidence": MISSING}]}, "basis[0].evidence"),
    (DECIDE, {"threshold": "2"}, "threshold"),
    (MAKE_CHAIN, {"members": [{"evidence": MISSING}]}, "members[0].evidence"),
    (MAKE_CHAIN, {"primary": MISSING}, "primary"),
    ("POST credibility-policies/", {"document": {"version": 2}}, "document"),
]
