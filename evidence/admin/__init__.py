"""Evidence and context for staff."""

from evidence.admin.artifacts import ArtifactAdmin, ArtifactUseAdmin
from evidence.admin.evidence import EvidenceAdmin

__all__ = ["ArtifactAdmin", "ArtifactUseAdmin", "EvidenceAdmin"]
