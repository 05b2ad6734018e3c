"""The context store."""

from tests.api.table.row import MISSING, Row, Wrong

NEW = {"project": "{project}", "artifact_type": "project_plan", "path": "new", "text": "x"}
QUERY = "project={project}"
CREATE = "POST artifacts/"
ASSEMBLE = {"project": "{project}", "ids": ["{artifact}"], "max_tokens": 100}
NEAR = {"project": "{project}", "embedding": {"model": "m", "vector": [1.0, 0.0]}}
UPLOAD = f"artifacts/upload/?{QUERY}&artifact_type=source_code&path=a.py"

LISTS: tuple[str, ...] = ("artifacts/", "artifacts/{artifact}/uses/", "artifacts/{artifact}/versions/")

ROWS = [
    #                                                      admin eng rev vie str oth ano age
    Row("GET", "artifacts/", "                             200 200 200 200 200 200 401 200"),
    Row("POST", "artifacts/", "                            201 201 201 403 422 422 401 403", NEW),
    Row("GET", "artifacts/{artifact}/", "                  200 200 200 200 404 404 401 200"),
    Row("PATCH", "artifacts/{artifact}/", "                200 200 200 403 404 404 401 403", {"tags": ["a"]}),
    Row("DELETE", "artifacts/{artifact}/", "               204 204 204 403 404 404 401 403"),
    Row("GET", "artifacts/{artifact}/versions/", "         200 200 200 200 404 404 401 200"),
    Row("POST", "artifacts/{artifact}/versions/", "        201 201 201 403 404 404 401 403", {"text": "y"}),
    Row("POST", "artifacts/{artifact}/decompose/", "       200 200 200 403 404 404 401 403", {}),
    Row("GET", "artifacts/{artifact}/content/", "          200 200 200 200 404 404 401 200"),
    Row("GET", "artifacts/{artifact}/uses/", "             200 200 200 200 404 404 401 200"),
    Row(
        "PUT",
        "artifacts/{artifact}/embedding/",
        "200 200 200 403 404 404 401 403",
        {"model": "m", "vector": [0.5, 0.5]},
    ),
    Row("GET", f"artifacts/search/?{QUERY}&query=plan", "  200 200 200 200 422 422 401 200"),
    Row("POST", "artifacts/search/", "                     200 200 200 200 422 422 401 200", NEAR),
    Row("POST", "artifacts/assemble/", "                   200 200 200 200 422 422 401 200", ASSEMBLE),
    Row("POST", UPLOAD, "                                  201 201 201 403 422 422 401 403", b"print()\n"),
    Row("GET", f"artifacts/export/?{QUERY}", "             200 200 200 200 422 422 401 200"),
]

WRONG_FIELDS: Wrong = [
    (CREATE, {"artifact_type": "poem"}, "artifact_type"),
    (CREATE, {"path": "../x"}, "path"),
    (CREATE, {"path": "x" * 301}, "path"),
    (CREATE, {"text": ""}, "content"),
    (CREATE, {"content": []}, "content"),
    (CREATE, {"content": {"goals": 1}}, "content.goals"),
    (CREATE, {"media_type": "image/png"}, "media_type"),
    (CREATE, {"granularity": "section"}, "parent"),
    (CREATE, {"granularity": "chapter"}, "granularity"),
    (CREATE, {"parent": MISSING}, "parent"),
    (CREATE, {"project": MISSING}, "project"),
    (CREATE, {"tags": "x"}, "tags"),
    (CREATE, {"metadata": 3}, "metadata"),
    ("POST artifacts/{artifact}/versions/", {"text": ""}, "content"),
    ("POST artifacts/{artifact}/decompose/", {"keys": ["none"]}, "keys"),
    ("PUT artifacts/{artifact}/embedding/", {"vector": []}, "vector"),
    ("PUT artifacts/{artifact}/embedding/", {"vector": [0, 0]}, "vector"),
    ("PUT artifacts/{artifact}/embedding/", {"vector": ["x"]}, "vector[0]"),
    ("POST artifacts/search/", {"embedding": None}, "embedding"),
    ("POST artifacts/search/", {"limit": 101}, "limit"),
    ("POST artifacts/search/", {"embedding": {"model": "", "vector": [1]}}, "embedding.model"),
    ("POST artifacts/assemble/", {"ids": [MISSING]}, "ids[0]"),
    ("POST artifacts/assemble/", {"ids": []}, "ids"),
    ("POST artifacts/assemble/", {"ids": ["x"]}, "ids[0]"),
    ("POST artifacts/assemble/", {"max_tokens": 0}, "max_tokens"),
]
