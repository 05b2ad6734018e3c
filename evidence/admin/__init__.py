"""Evidence and context for staff."""

from evidence.admin.around import (
    AttestationAdmin,
    AttestationRevocationAdmin,
    CredibilityChangeAdmin,
    CredibilityPolicyAdmin,
    EvidenceLinkAdmin,
)
from evidence.admin.artifacts import ArtifactAdmin, ArtifactUseAdmin
from evidence.admin.evidence import EvidenceAdmin
from evidence.admin.reasoning import (
    ClaimAdmin,
    ClaimEvidenceAdmin,
    DecisionAdmin,
    DecisionBasisAdmin,
    EvidenceChainAdmin,
    EvidenceChainItemAdmin,
)

__all__ = [
    "ArtifactAdmin",
    "ArtifactUseAdmin",
    "AttestationAdmin",
    "AttestationRevocationAdmin",
    "ClaimAdmin",
    "ClaimEvidenceAdmin",
    "CredibilityChangeAdmin",
    "CredibilityPolicyAdmin",
    "DecisionAdmin",
    "DecisionBasisAdmin",
    "EvidenceAdmin",
    "EvidenceChainAdmin",
    "EvidenceChainItemAdmin",
    "EvidenceLinkAdmin",
]
