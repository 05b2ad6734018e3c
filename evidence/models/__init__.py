"""Evidence, what is made of it, and the context store."""

from evidence.models.artifacts import Artifact, ArtifactType, ArtifactUse, Granularity
from evidence.models.attestations import Attestation, AttestationRevocation, Method, Verdict
from evidence.models.chains import ChainRole, EvidenceChain, EvidenceChainItem
from evidence.models.claims import Claim, ClaimEvidence, ClaimStatus, Role
from evidence.models.decisions import Authority, Combination, Decision, DecisionBasis, DecisionStatus
from evidence.models.evidence import CONFIDENCE_FROM, Confidence, Evidence, EvidenceStatus
from evidence.models.history import CredibilityChange, ReasonCode
from evidence.models.kinds import Grade, SourceType
from evidence.models.links import EvidenceLink, LinkKind
from evidence.models.policies import CredibilityPolicy

__all__ = [
    "CONFIDENCE_FROM",
    "Artifact",
    "ArtifactType",
    "ArtifactUse",
    "Attestation",
    "AttestationRevocation",
    "Authority",
    "ChainRole",
    "Claim",
    "ClaimEvidence",
    "ClaimStatus",
    "Combination",
    "Confidence",
    "CredibilityChange",
    "CredibilityPolicy",
    "Decision",
    "DecisionBasis",
    "DecisionStatus",
    "Evidence",
    "EvidenceChain",
    "EvidenceChainItem",
    "EvidenceLink",
    "EvidenceStatus",
    "Grade",
    "Granularity",
    "LinkKind",
    "Method",
    "ReasonCode",
    "Role",
    "SourceType",
    "Verdict",
]
