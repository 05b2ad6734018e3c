"""What happens to evidence."""

from django.dispatch import Signal

from audit.events import Action, Audience, EventType, Severity

EVIDENCE_REGISTERED = EventType(
    "evidence.registered",
    Action.CREATE,
    "evidence handed in",
    {"source_type": str, "grade": str, "content_sha256": str, "exit_code": int},
    aliases=("evidence_added", "evidence.added"),
)
EVIDENCE_VERIFIED = EventType("evidence.verified", Action.UPDATE, "evidence verified", aliases=("evidence_verified",))
EVIDENCE_REJECTED = EventType(
    "evidence.rejected",
    Action.UPDATE,
    "evidence rejected",
    severity=Severity.NOTICE,
    aliases=("evidence_rejected", "evidence.retracted"),
)
EVIDENCE_TAGGED = EventType("evidence.tagged", Action.UPDATE, "evidence tagged", {"tags": list})
EVIDENCE_EXPIRED = EventType("evidence.expired", Action.UPDATE, "evidence expired", severity=Severity.NOTICE)
EVIDENCE_SUPERSEDED = EventType(
    "evidence.superseded", Action.UPDATE, "evidence superseded by newer evidence", {"by": str}
)
EVIDENCE_RESTORED = EventType("evidence.restored", Action.UPDATE, "evidence in force again")

CONTENT_VERIFIED = EventType(
    "evidence.content_verified", Action.EXECUTE, "stored content matches its digests", {"checked": int}
)
CONTENT_MISMATCH = EventType(
    "evidence.content_mismatched",
    Action.EXECUTE,
    "stored content does not match its digest",
    {"expected": str, "found": str},
    severity=Severity.WARNING,
    aliases=("evidence.content_mismatch",),
)

CREDIBILITY_CHANGED = EventType(
    "evidence.credibility_changed",
    Action.UPDATE,
    "credibility changed",
    {"previous": str, "credibility": str, "uncertainty": str, "reason_code": str, "policy_sha256": str},
    aliases=("credibility.changed", "credibility_changed"),
)
EVIDENCE_DISPUTED = EventType(
    "evidence.disputed", Action.UPDATE, "evidence confirmed and refuted alike", severity=Severity.NOTICE
)
POLICY_PUBLISHED = EventType(
    "credibility_policy.published",
    Action.CREATE,
    "credibility policy published",
    {"version": int, "sha256": str},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.NOTICE,
    aliases=("policy.published",),
)

# The envelope's digest: whoever holds an attestation cannot hide one that refutes, because the log names all of them.
EVIDENCE_ATTESTED = EventType(
    "evidence.attested",
    Action.CREATE,
    "evidence attested",
    {"attestation_id": str, "method": str, "verdict": str, "envelope_sha256": str},
)
ATTESTATION_REVOKED = EventType(
    "evidence.attestation_revoked",
    Action.UPDATE,
    "attestation revoked",
    {"attestation_id": str, "envelope_sha256": str},
    severity=Severity.NOTICE,
)

EVIDENCE_LINKED = EventType(
    "evidence.linked", Action.CREATE, "evidence linked", {"link_id": str, "kind": str, "to": str, "strength": str}
)
LINK_RETRACTED = EventType(
    "evidence.link_retracted",
    Action.UPDATE,
    "link between evidence retracted",
    {"link_id": str, "kind": str, "to": str},
)

CLAIM_ASSERTED = EventType("claim.asserted", Action.CREATE, "claim made", {"predicate": str})
CLAIM_ARGUED = EventType(
    "claim.evidence_added", Action.UPDATE, "evidence put to a claim", {"evidence_id": str, "role": str}
)
CLAIM_ARGUMENT_RETRACTED = EventType(
    "claim.evidence_retracted", Action.UPDATE, "evidence taken from a claim", {"evidence_id": str, "role": str}
)
CLAIM_OPEN = EventType("claim.reopened", Action.UPDATE, "claim open again", {"credibility": str})
CLAIM_SUPPORTED = EventType("claim.supported", Action.UPDATE, "claim supported", {"credibility": str})
CLAIM_DISPUTED = EventType("claim.disputed", Action.UPDATE, "claim disputed", {"credibility": str})
CLAIM_REFUTED = EventType(
    "claim.refuted", Action.UPDATE, "claim refuted", {"credibility": str}, severity=Severity.NOTICE
)
CLAIM_WITHDRAWN = EventType("claim.withdrawn", Action.UPDATE, "claim withdrawn", aliases=("claim.resolved",))

DECISION_MADE = EventType(
    "decision.made",
    Action.CREATE,
    "decision made",
    {"authority": str, "credibility": str, "uncertainty": str, "basis": int},
    severity=Severity.NOTICE,
)
DECISION_SUPERSEDED = EventType("decision.superseded", Action.UPDATE, "decision superseded", {"by": str})
DECISION_WITHDRAWN = EventType(
    "decision.withdrawn", Action.UPDATE, "decision withdrawn", severity=Severity.NOTICE, aliases=("decision.revoked",)
)
SUPPORT_DEGRADED = EventType(
    "decision.support_degraded",
    Action.UPDATE,
    "a decision's support fell",
    {"at_use": str, "now": str, "weakest": str},
    severity=Severity.WARNING,
)

CHAIN_CREATED = EventType("chain.created", Action.CREATE, "evidence chain made", {"items": int, "confidence": str})
CHAIN_CHANGED = EventType("chain.changed", Action.UPDATE, "evidence chain changed", {"evidence_id": str, "change": str})
CHAIN_RECALCULATED = EventType(
    "chain.recalculated", Action.UPDATE, "confidence of an evidence chain changed", {"previous": str, "confidence": str}
)

evidence_contributed = Signal()
"""A person hands `evidence` in, about a task: the app that knows tasks refuses by raising an error."""

evidence_rejecting = Signal()
"""`evidence` is about to be rejected: who follows locks what rests on it, before its score is locked."""

evidence_rejected = Signal()
"""`evidence` was rejected: it counts for nothing from now on."""

VERSION = {"artifact_type": str, "granularity": str, "path": str, "version": int, "content_sha256": str}
ARTIFACT_CREATED = EventType(
    "artifact.created",
    Action.CREATE,
    "artifact written",
    VERSION,
    aliases=("artifact_created", "artifact_generated"),
)
ARTIFACT_UPDATED = EventType(
    "artifact.updated",
    Action.UPDATE,
    "artifact changed",
    VERSION | {"changed": list},
    aliases=("artifact_updated",),
)
ARTIFACT_UPLOADED = EventType(
    "artifact.uploaded",
    Action.CREATE,
    "file of an artifact uploaded",
    VERSION | {"size": int, "media_type": str},
)
ARTIFACT_DOWNLOADED = EventType("artifact.downloaded", Action.READ, "artifact downloaded", VERSION)
ARTIFACT_DECOMPOSED = EventType(
    "artifact.decomposed",
    Action.UPDATE,
    "document taken apart",
    {"path": str, "version": int, "parts": int, "made": int},
)
ARTIFACT_DELETED = EventType(
    "artifact.deleted", Action.DELETE, "artifact deleted", {"path": str, "rows": int}, severity=Severity.NOTICE
)
ARTIFACTS_EXPORTED = EventType(
    "artifact.exported", Action.READ, "artifacts of a project exported", {"artifacts": int}, severity=Severity.NOTICE
)
CONTEXT_GIVEN = EventType(
    "context.given",
    Action.READ,
    "context given to a run",
    {"given": int, "dropped": int, "tokens": int, "max_tokens": int},
)
