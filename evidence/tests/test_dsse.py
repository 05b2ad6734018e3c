"""DSSE against the published vectors, and statements read strictly."""

import json
from pathlib import Path
from typing import Any

import pytest

from evidence import dsse
from evidence.models import Method, Verdict
from evidence.statements import (
    OURS,
    PROVENANCE,
    STATEMENT,
    SVR,
    TEST_RESULT,
    VERIFICATION_SUMMARY,
    StatementError,
    read_statement,
)

DOCUMENT = json.loads((Path(__file__).parent / "vectors" / "dsse.json").read_text())
KEYS = {name: bytes.fromhex(key["public"]) for name, key in DOCUMENT["keys"].items()}


@pytest.mark.parametrize("vector", DOCUMENT["vectors"], ids=lambda vector: vector["id"])
def test_the_published_vectors_hold(vector: dict[str, Any]) -> None:
    def opened() -> Any:
        return dsse.open_envelope(
            vector["envelope"],
            {name: KEYS[name] for name in vector["trustedKeys"]},
            payload_types=vector["supportedPayloadTypes"],
            threshold=vector["threshold"],
        )

    if vector["expect"] == "reject":
        with pytest.raises(dsse.EnvelopeError):
            opened()
        return
    payload, signers = opened()
    assert dsse.pae(vector["envelope"]["payloadType"], payload).hex() == vector["pae"]
    assert len(signers) >= vector["threshold"]


def test_an_envelope_has_one_digest_however_it_is_written() -> None:
    envelope = DOCUMENT["vectors"][1]["envelope"]
    plain = envelope | {"payload": envelope["payload"].replace("-", "+").replace("_", "/"), "signatures": []}
    assert dsse.digest_of(plain, "A") == dsse.digest_of(envelope, "A") != dsse.digest_of(envelope, "B")


@pytest.mark.parametrize(
    "change",
    [
        {"payload": "not base64!"},
        {"payload": None},
        {"payload": 5},
        {"payload": "eyJhIjoxfQ=="},
        {"payloadType": 5},
        {"signatures": []},
        {"signatures": "x"},
        {"signatures": [5]},
        {"signatures": [{"sig": "AAAA"}]},
        {"signatures": [{}] * 11},
    ],
)
def test_what_is_no_envelope_or_not_signed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(dsse.EnvelopeError):
        dsse.open_envelope(DOCUMENT["vectors"][0]["envelope"] | change, KEYS)


SUBJECT = [{"name": "log", "digest": {"sha256": "A" * 64}}]
PREDICATE = {"verdict": "refute", "method": "llm_review", "finishedOn": "2026-11-21T12:00:00Z"}


def payload(predicate_type: str, predicate: Any, **changes: Any) -> bytes:
    document = {"_type": STATEMENT, "subject": SUBJECT, "predicateType": predicate_type, "predicate": predicate}
    return json.dumps(document | changes).encode()


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "method", "verdict"),
    [
        (OURS, PREDICATE, Method.LLM_REVIEW, Verdict.REFUTE),
        (TEST_RESULT, {"result": "PASSED"}, Method.STATIC_CHECK, Verdict.CONFIRM),
        (TEST_RESULT, {"result": "WARNED"}, Method.STATIC_CHECK, Verdict.INCONCLUSIVE),
        (TEST_RESULT, {"result": "FAILED"}, Method.STATIC_CHECK, Verdict.REFUTE),
        (VERIFICATION_SUMMARY, {"verificationResult": "FAILED"}, Method.SIGNATURE_VALID, Verdict.REFUTE),
        (SVR, {"properties": ["x"]}, Method.SCHEMA_CHECK, Verdict.CONFIRM),
        (PROVENANCE, {}, Method.SIGNATURE_VALID, Verdict.CONFIRM),
    ],
)
def test_known_predicates_are_read(predicate_type: str, predicate: Any, method: str, verdict: str) -> None:
    statement = read_statement(payload(predicate_type, predicate))
    assert (statement.method, statement.verdict) == (method, verdict)
    assert statement.digests == {("sha256", "a" * 64)}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"_type": NaN}',
        b"[" * 100_000,
        b" " * (64 * 1024 + 1),
        payload(OURS, PREDICATE, _type="https://in-toto.io/Statement/v0.1"),
        payload(OURS, PREDICATE, subject=[]),
        payload(OURS, PREDICATE, subject=[{"name": "log"}]),
        payload(OURS, PREDICATE, subject=[{"digest": {"sha256": 5}}]),
        payload("https://example.org/other", PREDICATE),
        payload(OURS, []),
        payload(OURS, PREDICATE | {"verdict": "maybe"}),
        payload(OURS, PREDICATE | {"method": None}),
        payload(OURS, PREDICATE | {"finishedOn": "yesterday"}),
        payload(OURS, PREDICATE | {"finishedOn": "2026-11-21T12:00:00"}),
        payload(OURS, PREDICATE | {"finishedOn": "2026-13-21T12:00:00Z"}),
        payload(OURS, PREDICATE | {"tool": "pytest"}),
        payload(OURS, PREDICATE | {"independence": {"toolchain": "x" * 201}}),
        payload(TEST_RESULT, {"result": "passed"}),
    ],
)
def test_what_is_no_statement_is_refused(raw: bytes) -> None:
    with pytest.raises(StatementError):
        read_statement(raw)
