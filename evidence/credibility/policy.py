"""The numbers: a document that says its version, and whose digest every score names."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import rfc8785

from common.ids import sha256_hex

Numbers = Mapping[str, Decimal]

# Base rates `a`: where a source type starts before anybody checks it. Judgement, to be calibrated by its outcomes.
BASE_RATES = {
    "test_result": ".80",
    "github_action": ".85",
    "static_analysis": ".70",
    "security_scan": ".65",
    "coverage_report": ".75",
    "code_review": ".75",
    "code_analysis": ".65",
    "performance_profile": ".65",
    "dependency_check": ".75",
    "metrics": ".70",
    "documentation": ".60",
    "external_api": ".55",
    "user_feedback": ".50",
    "ai_model_output": ".25",
    "custom": ".20",
    "formal_proof": ".97",
    "reproducible_build": ".95",
    "signed_provenance": ".92",
    "platform_observation": ".90",
    "vcs_commit": ".90",
    "standard_specification": ".90",
    "ci_test_run": ".85",
    "official_documentation": ".80",
    "vulnerability_advisory": ".80",
    "human_code_review": ".75",
    "runtime_metric": ".75",
    "peer_reviewed_paper": ".75",
    "human_expert_statement": ".70",
    "tool_output": ".70",
    "runtime_log": ".65",
    "benchmark_result": ".65",
    "third_party_attestation": ".60",
    "dataset_record": ".55",
    "human_report": ".50",
    "preprint_or_blog": ".50",
    "issue_report": ".45",
    "web_page": ".40",
    "llm_judge_assessment": ".35",
    "agent_self_report": ".25",
    "agent_inference": ".25",
    "derived_aggregate": ".20",
    "unknown": ".20",
}

DOCUMENT_V1: dict[str, Any] = {
    "version": 1,
    # W: how much evidence the base rate is worth
    "prior_weight": "2",
    "base_rates": BASE_RATES,
    # s: how much a check of this kind is worth by itself. An override outweighs any two other checks.
    "strengths": {
        "platform_rerun": "6",
        "reproduced_build": "8",
        "proof_checked": "8",
        "human_review": "4",
        "source_lookup": "1.5",
        "static_check": "1",
        "signature_valid": ".5",
        "schema_check": ".25",
        "llm_review": ".25",
        "human_override": "20",
    },
    # r0: how far an attester is trusted who has no record yet
    "reliability": {"platform": ".97", "person": ".90", "agent": ".70"},
    # rho: what a check adds that depends on one already counted
    "dependence": ".25",
    # h: after how many days a check counts half; what a digest pins down does not age
    "half_lives": {"mutable": "30", "review": "180"},
    "reviews": ["human_review", "llm_review", "human_override"],
    # what a changing subject's base rate falls to, with the half-life of the mutable
    "mutable_base_rate": ".5",
    "disputed": {"least": "1", "ratio": ".5"},
    # how far a score moves by age alone, or support falls, before it is worth a line
    "step": ".05",
    "claims": {"base_rate": ".5", "supported_from": ".65", "refuted_to": ".35"},
    # STIX's table for the Admiralty pair
    "ladder": [".9", ".7", ".5", ".3"],
}


class PolicyError(ValueError):
    """The document lacks a number, or holds one that is none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A document's numbers, read once."""

    version: int
    prior_weight: Decimal
    base_rates: Numbers
    strengths: Numbers
    reliability: Numbers
    dependence: Decimal
    half_lives: Numbers
    reviews: frozenset[str]
    mutable_base_rate: Decimal
    disputed: Numbers
    step: Decimal
    claims: Numbers
    ladder: tuple[Decimal, ...]
    sha256: str


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the document as canonical JSON (RFC 8785)."""
    return sha256_hex(rfc8785.dumps(dict(document)))


def read_policy(document: Mapping[str, Any]) -> Policy:
    """Return the numbers of a document that has exactly the members of version 1; raises `PolicyError`."""
    if set(document) != set(DOCUMENT_V1):
        raise PolicyError(f"A policy has the members {', '.join(sorted(DOCUMENT_V1))}.")
    numbers = {name: read(name, value, DOCUMENT_V1[name]) for name, value in document.items()}
    shares = [*numbers["base_rates"].values(), *numbers["reliability"].values(), numbers["dependence"]]
    shares += [numbers["mutable_base_rate"], *numbers["claims"].values(), *numbers["ladder"]]
    if any(share > 1 for share in shares):
        raise PolicyError("Base rates, reliabilities, the dependence and thresholds lie between 0 and 1.")
    positive = [numbers["prior_weight"], numbers["step"], *numbers["half_lives"].values()]
    if any(number <= 0 for number in positive):
        raise PolicyError("The prior weight, the step and half-lives are more than 0.")
    return Policy(**numbers, sha256=digest_of(document))


def read(name: str, value: Any, model: Any) -> Any:
    """Return a member as numbers, of the same shape as version 1 has it."""
    if isinstance(model, dict):
        if not isinstance(value, dict) or set(value) != set(model):
            raise PolicyError(f"{name} names exactly: {', '.join(sorted(model))}.")
        return {key: number(f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(model, list):
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise PolicyError(f"{name} is a list of texts.")
        if name == "reviews":
            return frozenset(value)
        if len(value) != len(model):
            raise PolicyError(f"{name} has {len(model)} entries.")
        return tuple(number(name, entry) for entry in value)
    if isinstance(model, int):
        if not isinstance(value, int) or isinstance(value, bool):
            raise PolicyError(f"{name} is a whole number.")
        return value
    return number(name, value)


def number(name: str, value: Any) -> Decimal:
    """Return a number that is written as text, so that its digest cannot depend on a machine's floating point."""
    try:
        read_number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        read_number = None
    if read_number is None or not read_number.is_finite() or read_number < 0:
        raise PolicyError(f"{name} is a number from 0, written as text.")
    return read_number


POLICY_V1 = read_policy(DOCUMENT_V1)
