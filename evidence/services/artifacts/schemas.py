"""What the JSON of each type of artifact must look like (JSON Schema 2020-12). Members not named here are free."""

from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from common.errors import Invalid
from evidence.models import ArtifactType

Schema = dict[str, Any]
MOST_ERRORS = 20

WORD: Schema = {"type": "string", "minLength": 1, "maxLength": 500}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SECONDS: Schema = {"type": "number", "minimum": 0}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def record(*required: str, **members: Schema) -> Schema:
    """Return the schema of an object. `concepts` are what `decompose` makes concepts of, wherever it is used."""
    free = {"concepts": {"type": "object"}}
    return {"type": "object", "properties": free | members, "required": list(required)}


SCHEMAS: dict[str, Schema] = {
    ArtifactType.PROJECT_PLAN: record(
        summary=TEXT, goals=listed(TEXT), milestones=listed(record("title", title=WORD, due=WORD))
    ),
    ArtifactType.SOFTWARE_SPECIFICATION: record(
        summary=TEXT, requirements=listed(record("id", "text", id=WORD, text=TEXT))
    ),
    ArtifactType.IMPLEMENTATION_PLAN: record(
        summary=TEXT, steps=listed(record("title", title=WORD, description=TEXT, depends_on=listed(WORD)))
    ),
    ArtifactType.SYSTEM_ARCHITECTURE: record(
        summary=TEXT, components=listed(record("name", name=WORD, responsibility=TEXT, uses=listed(WORD)))
    ),
    ArtifactType.SOURCE_CODE: record("language", language=WORD, code=TEXT, commit=WORD),
    ArtifactType.TEST_RESULTS: record(
        "passed",
        "failed",
        passed=COUNT,
        failed=COUNT,
        skipped=COUNT,
        duration_seconds=SECONDS,
        failures=listed(record("name", name=WORD, message=TEXT)),
    ),
    ArtifactType.DEPLOYMENT_LOG: record(
        "environment",
        "status",
        environment=WORD,
        status={"enum": ["running", "succeeded", "failed", "rolled_back"]},
        lines=listed(TEXT),
    ),
    ArtifactType.DEPLOYMENT_PACKAGE: record(
        "name", "version", name=WORD, version=WORD, files=listed(record("path", "sha256", path=WORD, sha256=DIGEST))
    ),
    ArtifactType.USER_INPUT: record("message", message=TEXT),
    ArtifactType.AGENT_OUTPUT: record("result", result={}, summary=TEXT),
    ArtifactType.HITL_RESPONSE: record(
        "action", action={"enum": ["approve", "reject", "amend"]}, comment=TEXT, amended_content={"type": "object"}
    ),
}
VALIDATORS = {artifact_type: Draft202012Validator(schema) for artifact_type, schema in SCHEMAS.items()}


def check_content(artifact_type: str, content: dict[str, Any]) -> None:
    """Raise `Invalid`, with the members that are wrong, unless the JSON is what its type says."""
    errors: dict[str, list[str]] = {}
    for error in islice(VALIDATORS[artifact_type].iter_errors(content), MOST_ERRORS):
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        errors.setdefault(f"content{''.join(steps)}"[:200], []).append(error.message[:200])
    if errors:
        raise Invalid(f"This is not the JSON of a {artifact_type}.", code="bad_content", errors=errors)
