"""In-toto Statements v1: what an attestation says, read strictly."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from evidence.models import Method, Verdict

STATEMENT = "https://in-toto.io/Statement/v1"
OURS = "https://countermark.dev/evidence-attestation/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.1"
PROVENANCE = "https://slsa.dev/provenance/v1"
VERIFICATION_SUMMARY = "https://slsa.dev/verification_summary/v1"
MAX_PAYLOAD = 64 * 1024

Members = Mapping[str, Any]


class StatementError(ValueError):
    """It is no Statement, or says nothing that we can weigh."""


@dataclass(frozen=True, slots=True)
class Independence:
    """What an attester shares with others, as far as it says so itself."""

    principal: str = ""
    organisation: str = ""
    model_family: str = ""
    toolchain: str = ""
    upstream_digest: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of which digests. `finished_on` None: the predicate does not say."""

    predicate_type: str
    digests: frozenset[tuple[str, str]]
    method: Method
    verdict: Verdict
    started_on: datetime | None = None
    finished_on: datetime | None = None
    note: str = ""
    independence: Independence = field(default_factory=Independence)


def read_statement(payload: bytes) -> Statement:
    """Return what the payload says; raises `StatementError`."""
    if len(payload) > MAX_PAYLOAD:
        raise StatementError(f"A statement is limited to {MAX_PAYLOAD} bytes.")
    try:
        document = json.loads(payload, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise StatementError("The payload is not JSON.") from error
    if not isinstance(document, dict) or document.get("_type") != STATEMENT:
        raise StatementError(f"The payload's _type is {STATEMENT}.")
    kind, predicate = document.get("predicateType"), document.get("predicate")
    if kind not in PREDICATES or not isinstance(predicate, dict):
        raise StatementError(f"predicateType is one of: {', '.join(PREDICATES)}; predicate is an object.")
    return PREDICATES[kind](kind, digests_of(document.get("subject")), predicate)


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def digests_of(subjects: Any) -> frozenset[tuple[str, str]]:
    """Return (algorithm, digest) of every subject."""
    found: set[tuple[str, str]] = set()
    for subject in subjects if isinstance(subjects, list) else []:
        digests = subject.get("digest") if isinstance(subject, dict) else None
        if not isinstance(digests, dict):
            raise StatementError("Each subject has a digest.")
        found |= {(name, value.lower()) for name, value in digests.items() if isinstance(value, str)}
    if not found:
        raise StatementError("A statement names its subject by digest.")
    return frozenset(found)


def read_ours(kind: str, digests: frozenset[tuple[str, str]], predicate: Members) -> Statement:
    return Statement(
        predicate_type=kind,
        digests=digests,
        method=one_of(predicate, "method", Method),
        verdict=one_of(predicate, "verdict", Verdict),
        started_on=moment(predicate, "startedOn"),
        finished_on=moment(predicate, "finishedOn"),
        note=text(predicate, "claim", 2000),
        independence=independence_of(predicate),
    )


def independence_of(predicate: Members) -> Independence:
    said, tool = predicate.get("independence") or {}, predicate.get("tool") or {}
    if not isinstance(said, dict) or not isinstance(tool, dict):
        raise StatementError("independence and tool are objects.")
    return Independence(
        principal=text(said, "principal", 200),
        organisation=text(said, "organisation", 200),
        model_family=text(said, "model_family", 100),
        toolchain=text(said, "toolchain", 200) or text(tool, "name", 200),
        upstream_digest=text(said, "upstream_digest", 200),
    )


def read_result(member: str, words: Mapping[str, Verdict], method: Method) -> Callable[..., Statement]:
    """Return a reader of a predicate that has its verdict in one word."""

    def reader(kind: str, digests: frozenset[tuple[str, str]], predicate: Members) -> Statement:
        word = predicate.get(member)
        if not isinstance(word, str) or word not in words:
            raise StatementError(f"{member} is one of: {', '.join(words)}.")
        return Statement(kind, digests, method, words[word], finished_on=moment(predicate, "timeVerified"))

    return reader


def read_confirmation(method: Method) -> Callable[..., Statement]:
    """Return a reader of a predicate that can only confirm: in-toto is monotonic, it lists what passed."""

    def reader(kind: str, digests: frozenset[tuple[str, str]], predicate: Members) -> Statement:
        return Statement(kind, digests, method, Verdict.CONFIRM)

    return reader


PREDICATES: dict[str, Callable[..., Statement]] = {
    OURS: read_ours,
    TEST_RESULT: read_result(
        "result",
        {"PASSED": Verdict.CONFIRM, "WARNED": Verdict.INCONCLUSIVE, "FAILED": Verdict.REFUTE},
        Method.STATIC_CHECK,
    ),
    VERIFICATION_SUMMARY: read_result(
        "verificationResult", {"PASSED": Verdict.CONFIRM, "FAILED": Verdict.REFUTE}, Method.SIGNATURE_VALID
    ),
    SVR: read_confirmation(Method.SCHEMA_CHECK),
    PROVENANCE: read_confirmation(Method.SIGNATURE_VALID),
}


def one_of(members: Members, name: str, choices: Any) -> Any:
    if members.get(name) not in choices.values:
        raise StatementError(f"{name} is one of: {', '.join(choices.values)}.")
    return choices(members[name])


def text(members: Members, name: str, longest: int) -> str:
    value = members.get(name, "")
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise StatementError(f"{name} is a text of at most {longest} characters.")
    return value


def moment(members: Members, name: str) -> datetime | None:
    value = members.get(name)
    if value is None:
        return None
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise StatementError(f"{name} is a time with its zone (RFC 3339).")
    return found
