"""Evidence and context for staff."""

from evidence.admin.evidence import EvidenceAdmin

__all__ = ["EvidenceAdmin"]
