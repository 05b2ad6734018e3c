"""Who may judge evidence, and who may speak of it."""

from common.context import Principal
from evidence.models import Attestation, Evidence, EvidenceLink
from projects.permissions import can_contribute, can_manage


def is_independent(principal: Principal, evidence: Evidence) -> bool:
    """Separation of duties: neither its author nor the owner of its agent, in person or through another agent."""
    return evidence.issuer_id != principal.user_id


def can_review(principal: Principal, evidence: Evidence) -> bool:
    """Maintainers who neither wrote it nor own the agent that did."""
    return can_manage(principal, evidence.project_id) and is_independent(principal, evidence)


def can_attest(principal: Principal, evidence: Evidence) -> bool:
    """Contributors, and agents through their owner's role, who did not issue it."""
    return can_contribute(principal, evidence.project_id) and is_independent(principal, evidence)


def can_revoke(principal: Principal, attestation: Attestation) -> bool:
    """Whoever attested; else a maintainer whom the evidence does not belong to: nobody hides what refutes their own."""
    if principal.is_agent:
        return attestation.agent_id == principal.agent_id
    return attestation.owner_id == principal.user_id or can_review(principal, attestation.evidence)


def can_retract(principal: Principal, link: EvidenceLink) -> bool:
    """Whoever linked; else a maintainer to whom neither end belongs."""
    if principal.is_agent:
        return False
    maker_id = link.agent.owner_id if link.agent else link.user_id
    ends = (link.from_evidence, link.to_evidence)
    return maker_id == principal.user_id or all(can_review(principal, end) for end in ends)
