"""Attestations: checks of evidence by others than its issuer, signed, weighed and, if need be, revoked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from agents.models import AgentKey
from audit.services import record
from common.context import Principal
from common.errors import Conflict, Forbidden, Invalid
from evidence import dsse, events
from evidence.models import (
    Attestation,
    AttestationRevocation,
    Evidence,
    EvidenceStatus,
    Method,
    ReasonCode,
    Verdict,
)
from evidence.permissions import can_attest, can_review, can_revoke
from evidence.services.scores import Why, actor_of, dependents_of, lock_scores, rescore, subject_of
from evidence.signing import sign_statement
from evidence.statements import OURS, STATEMENT, Independence, Statement, StatementError, read_statement

# Who may say that it was checked like this. That the platform ran it again only the platform says.
PERSONS_METHODS = (
    Method.HUMAN_REVIEW,
    Method.SOURCE_LOOKUP,
    Method.PROOF_CHECKED,
    Method.REPRODUCED_BUILD,
    Method.STATIC_CHECK,
)
AGENTS_METHODS = (
    Method.LLM_REVIEW,
    Method.SOURCE_LOOKUP,
    Method.PROOF_CHECKED,
    Method.REPRODUCED_BUILD,
    Method.STATIC_CHECK,
    Method.SCHEMA_CHECK,
    Method.SIGNATURE_VALID,
)
PLATFORMS_METHODS = (
    Method.PLATFORM_RERUN,
    Method.PROOF_CHECKED,
    Method.REPRODUCED_BUILD,
    Method.STATIC_CHECK,
    Method.SCHEMA_CHECK,
    Method.SIGNATURE_VALID,
)
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signed:
    """What was said, and the envelope that proves who said it."""

    statement: Statement
    envelope: Mapping[str, Any]
    fingerprint: str


@transaction.atomic
def attest(
    *, evidence: Evidence, principal: Principal, method: str, verdict: str, note: str = "", toolchain: str = ""
) -> Attestation:
    """Say, as a person who did not issue it, that evidence holds or does not; the platform signs what was told to it.

    Raises `Forbidden` for its issuer and for a method that is not a person's, `Conflict` for broken evidence.
    """
    if principal.is_agent or method not in PERSONS_METHODS:
        raise Forbidden("People attest by review, look-up, proof, build or static check.", code="not_your_method")
    require_attester(principal, evidence)
    as_of = lock_scores(evidence.project_id)
    return witnessed(evidence, principal, method, verdict, note, as_of, toolchain=toolchain)


@transaction.atomic
def attest_signed(*, evidence: Evidence, principal: Principal, envelope: dict[str, Any]) -> Attestation:
    """Take an agent's attestation: a DSSE envelope around an in-toto Statement, signed by one of its own valid keys.

    Raises `Forbidden` for the issuer's agents, `Invalid` for a signature, statement or subject that is not right,
    `Conflict` for one that was given already.
    """
    if principal.agent_id is None:
        raise Forbidden("Agents sign their attestations; people attest through their session.", code="not_an_agent")
    require_attester(principal, evidence)
    as_of = lock_scores(evidence.project_id)
    keys = AgentKey.objects.filter(agent_id=principal.agent_id).valid_at(as_of)
    try:
        known = {key.fingerprint: bytes(key.public_key) for key in keys}
        payload, [fingerprint, *_] = dsse.open_envelope(envelope, known)
        statement = read_statement(payload)
    except dsse.EnvelopeError as error:
        raise Invalid(str(error), code="bad_signature", errors={"envelope": [str(error)]}) from error
    except StatementError as error:
        raise Invalid(str(error), code="bad_statement", errors={"envelope": [str(error)]}) from error
    if statement.method not in AGENTS_METHODS:
        raise Forbidden("An agent does not attest by this method.", code="not_your_method")
    return add(evidence, principal, Signed(statement, dsse.plain(envelope), fingerprint), as_of)


@transaction.atomic
def attest_as_platform(*, evidence: Evidence, method: str, verdict: str, toolchain: str, note: str = "") -> Attestation:
    """Say what the platform found when it checked by itself, with which tool. Checks with one tool depend on it."""
    if method not in PLATFORMS_METHODS:
        raise Forbidden("The platform does not attest by this method.", code="not_your_method")
    as_of = lock_scores(evidence.project_id)
    return witnessed(evidence, None, method, verdict, note, as_of, toolchain=toolchain)


@transaction.atomic
def override_credibility(*, evidence: Evidence, principal: Principal, verdict: str, reason: str) -> Attestation:
    """Set a person's word against the formula, as a maintainer who did not issue it: an attestation, never a number.

    Raises `Forbidden` for others, `Invalid` without a reason.
    """
    if not can_review(principal, evidence):
        raise Forbidden("Maintainers override, and never for their own or their agents' evidence.", code="own_evidence")
    if verdict == Verdict.INCONCLUSIVE:
        raise Invalid("An override confirms or refutes.", errors={"verdict": ["Confirm or refute."]})
    if not reason.strip():
        raise Invalid("An override says why.", errors={"reason": ["Required."]})
    as_of = lock_scores(evidence.project_id)
    return witnessed(evidence, principal, Method.HUMAN_OVERRIDE, verdict, reason, as_of)


@transaction.atomic
def revoke_attestation(*, attestation: Attestation, principal: Principal, reason: str) -> AttestationRevocation:
    """Take an attestation back: it counts for nothing from now on, and stays to be seen.

    Raises `Forbidden` for others than its author and independent maintainers, `Conflict` for one that was revoked
    already or that is a verdict (those are overridden, not taken back).
    """
    if not can_revoke(principal, attestation):
        raise Forbidden("Its author revokes it, or a maintainer whom the evidence does not belong to.")
    evidence = attestation.evidence
    as_of = lock_scores(evidence.project_id)
    evidence.refresh_from_db(fields=["verified_at", "rejected_at"])
    if attestation.created_at in (evidence.verified_at, evidence.rejected_at):
        raise Conflict("A verdict is not taken back; set a word against it.", code="verdict_is_final")
    if attestation.revocations.exists():
        raise Conflict("It was revoked already.", code="already_revoked")
    revocation = AttestationRevocation.objects.create(
        attestation=attestation, reason=reason, created_at=as_of, **actor_of(principal)
    )
    record(
        events.ATTESTATION_REVOKED,
        subject_of(evidence),
        reason=reason,
        attestation_id=str(attestation.id),
        envelope_sha256=attestation.envelope_sha256,
    )
    rescore(dependents_of(evidence.id), as_of, Why(ReasonCode.ATTESTATION_REVOKED, reason, principal))
    return revocation


def require_attester(principal: Principal, evidence: Evidence) -> None:
    if not can_attest(principal, evidence):
        raise Forbidden("Contributors attest, and never their own or their agents' evidence.", code="own_evidence")


def witnessed(
    evidence: Evidence,
    principal: Principal | None,
    method: str,
    verdict: str,
    note: str,
    as_of: datetime,
    *,
    toolchain: str = "",
) -> Attestation:
    """Add what a person said through their session, or what the platform saw, under the platform's signature."""
    attester = {"type": "user", "id": str(principal.user_id)} if principal else {"type": "platform"}
    statement = Statement(
        predicate_type=OURS,
        digests=frozenset({("sha256", evidence.content_sha256)}),
        method=Method(method),
        verdict=Verdict(verdict),
        finished_on=as_of,
        note=note,
        independence=Independence(toolchain=toolchain),
    )
    document = {
        "_type": STATEMENT,
        "subject": [{"name": str(evidence.id), "digest": {"sha256": evidence.content_sha256}}],
        "predicateType": OURS,
        "predicate": {
            "attester": attester,
            "method": str(method),
            "verdict": str(verdict),
            "finishedOn": as_of.isoformat(),
            "claim": note,
            "independence": {"toolchain": toolchain},
        },
    }
    return add(evidence, principal, Signed(statement, *sign_statement(document)), as_of)


def add(evidence: Evidence, principal: Principal | None, signed: Signed, as_of: datetime) -> Attestation:
    """Append an attestation under the score lock and compute what depends on it again."""
    require_subject(evidence, signed.statement)
    evidence.refresh_from_db(fields=["status"])
    if evidence.status == EvidenceStatus.INTEGRITY_FAILED:
        raise Conflict("Its content does not match its digest: there is nothing to attest.", code="integrity_failed")
    digest = dsse.digest_of(signed.envelope, signed.fingerprint)
    if Attestation.objects.filter(evidence=evidence, envelope_sha256=digest).exists():
        raise Conflict("This attestation was given already.", code="already_attested")
    shared = shared_with_others(principal, evidence, signed)
    attestation = Attestation.objects.create(
        evidence=evidence,
        method=signed.statement.method,
        verdict=signed.statement.verdict,
        envelope=signed.envelope,
        envelope_sha256=digest,
        key_fingerprint=signed.fingerprint,
        predicate_type=signed.statement.predicate_type,
        independence_group=group_of(evidence, shared, digest),
        started_on=signed.statement.started_on,
        finished_on=finished_on(signed.statement, as_of),
        note=signed.statement.note,
        created_at=as_of,
        **shared,
        **actor_of(principal),
    )
    note = signed.statement.note
    record(
        events.EVIDENCE_ATTESTED,
        subject_of(evidence),
        reason=note,
        attestation_id=str(attestation.id),
        method=str(attestation.method),
        verdict=str(attestation.verdict),
        envelope_sha256=digest,
    )
    override = signed.statement.method == Method.HUMAN_OVERRIDE
    code = ReasonCode.HUMAN_OVERRIDE if override else ReasonCode.ATTESTED
    rescore(dependents_of(evidence.id), as_of, Why(code, note, principal))
    return attestation


def require_subject(evidence: Evidence, statement: Statement) -> None:
    """Raise `Invalid` unless the statement is about this evidence: its content, or the commit it speaks of."""
    commit = ("gitCommit", evidence.subject_digest.lower())
    if ("sha256", evidence.content_sha256) not in statement.digests and commit not in statement.digests:
        raise Invalid(
            "The statement is about something else: no subject has this evidence's digest.",
            code="other_subject",
            errors={"envelope": [f"Expected sha256 {evidence.content_sha256}."]},
        )


def finished_on(statement: Statement, as_of: datetime) -> datetime:
    """Return when the check ended; the future, and an end before the beginning, are refused."""
    ended = statement.finished_on or as_of
    if ended > as_of + CLOCK_SKEW or (statement.started_on is not None and statement.started_on > ended):
        raise Invalid("A check ends after it begins and before it is told.", errors={"envelope": ["finishedOn."]})
    return ended


def shared_with_others(principal: Principal | None, evidence: Evidence, signed: Signed) -> dict[str, str]:
    """Return what makes checks depend on each other. Who is behind it and its model are known here, not claimed."""
    said = signed.statement.independence
    model = ""
    if principal and principal.agent_id:
        key = AgentKey.objects.select_related("agent").get(fingerprint=signed.fingerprint)
        model = key.agent.model_name
    return {
        "principal": f"user {principal.user_id}" if principal else "",
        "organisation": said.organisation,
        "model_family": model or said.model_family,
        "toolchain": said.toolchain,
        "upstream_digest": said.upstream_digest,
    }


def group_of(evidence: Evidence, shared: Mapping[str, str], digest: str) -> str:
    """Return the group of the first attestation this one shares a principal, model, toolchain or upstream with.

    It is fixed when the attestation comes, so that one that shares something with two groups does not merge them:
    otherwise a further confirmation could lower a score.
    """
    same = Q()
    for name in ("principal", "model_family", "toolchain", "upstream_digest"):
        if shared[name]:
            same |= Q(**{name: shared[name]})
    if not same:
        return digest
    first = Attestation.objects.filter(same, evidence=evidence).order_by("id").first()
    return first.independence_group if first else digest
