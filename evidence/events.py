"""What happens to evidence."""

from audit.events import Action, EventType, Severity

EVIDENCE_REGISTERED = EventType(
    "evidence.registered",
    Action.CREATE,
    "evidence handed in",
    {"source_type": str, "grade": str, "content_sha256": str, "exit_code": int},
    aliases=("evidence_added",),
)
EVIDENCE_VERIFIED = EventType("evidence.verified", Action.UPDATE, "evidence verified", aliases=("evidence_verified",))
EVIDENCE_REJECTED = EventType(
    "evidence.rejected", Action.UPDATE, "evidence rejected", severity=Severity.NOTICE, aliases=("evidence_rejected",)
)
