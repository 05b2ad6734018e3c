"""Every write about evidence and context."""

from evidence.services.evidence import (
    BASE_RATE,
    MAX_CONTENT,
    About,
    grade_of,
    reject_evidence,
    submit_evidence,
    verify_evidence,
)

__all__ = [
    "BASE_RATE",
    "MAX_CONTENT",
    "About",
    "grade_of",
    "reject_evidence",
    "submit_evidence",
    "verify_evidence",
]
