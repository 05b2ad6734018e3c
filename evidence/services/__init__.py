"""Every write about evidence and context."""

from evidence.services.attestations import (
    attest,
    attest_as_platform,
    attest_signed,
    override_credibility,
    revoke_attestation,
)
from evidence.services.chains import add_to_chain, make_chain, remove_from_chain
from evidence.services.claims import argue_claim, assert_claim, retract_argument, withdraw_claim
from evidence.services.decisions import Basis, make_decision, withdraw_decision
from evidence.services.evidence import (
    MAX_CONTENT,
    About,
    contribute_all,
    contribute_evidence,
    grade_of,
    reject_evidence,
    submit_evidence,
    tag_evidence,
    verify_evidence,
)
from evidence.services.links import link_evidence, retract_link
from evidence.services.policies import publish_policy
from evidence.services.upkeep import apply_decay, apply_policy, apply_records, expire_evidence, scrub_content

__all__ = [
    "MAX_CONTENT",
    "About",
    "Basis",
    "add_to_chain",
    "apply_decay",
    "apply_policy",
    "apply_records",
    "argue_claim",
    "assert_claim",
    "attest",
    "attest_as_platform",
    "attest_signed",
    "contribute_all",
    "contribute_evidence",
    "expire_evidence",
    "grade_of",
    "link_evidence",
    "make_chain",
    "make_decision",
    "override_credibility",
    "publish_policy",
    "reject_evidence",
    "remove_from_chain",
    "retract_argument",
    "retract_link",
    "revoke_attestation",
    "scrub_content",
    "submit_evidence",
    "tag_evidence",
    "verify_evidence",
    "withdraw_claim",
    "withdraw_decision",
]
