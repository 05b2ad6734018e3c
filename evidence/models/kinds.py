"""Where evidence comes from, and who stands behind it."""

from django.db import models


class SourceType(models.TextChoices):
    """The specification's fifteen and those of reference/evidence_audit.md §4.1, one list."""

    CODE_ANALYSIS = "code_analysis", "Code analysis"
    TEST_RESULT = "test_result", "Test result"
    AI_MODEL_OUTPUT = "ai_model_output", "Model output"
    DOCUMENTATION = "documentation", "Documentation"
    CODE_REVIEW = "code_review", "Code review"
    SECURITY_SCAN = "security_scan", "Security scan"
    PERFORMANCE_PROFILE = "performance_profile", "Performance profile"
    COVERAGE_REPORT = "coverage_report", "Coverage report"
    STATIC_ANALYSIS = "static_analysis", "Static analysis"
    DEPENDENCY_CHECK = "dependency_check", "Dependency check"
    USER_FEEDBACK = "user_feedback", "User feedback"
    METRICS = "metrics", "Metrics"
    EXTERNAL_API = "external_api", "External API"
    GITHUB_ACTION = "github_action", "GitHub Action"
    CUSTOM = "custom", "Custom"
    FORMAL_PROOF = "formal_proof", "Formal proof"
    REPRODUCIBLE_BUILD = "reproducible_build", "Reproducible build"
    SIGNED_PROVENANCE = "signed_provenance", "Signed provenance"
    PLATFORM_OBSERVATION = "platform_observation", "Platform observation"
    VCS_COMMIT = "vcs_commit", "Commit"
    STANDARD_SPECIFICATION = "standard_specification", "Standard"
    CI_TEST_RUN = "ci_test_run", "CI test run"
    OFFICIAL_DOCUMENTATION = "official_documentation", "Official documentation"
    VULNERABILITY_ADVISORY = "vulnerability_advisory", "Vulnerability advisory"
    HUMAN_CODE_REVIEW = "human_code_review", "Review by a person"
    RUNTIME_METRIC = "runtime_metric", "Runtime metric"
    PEER_REVIEWED_PAPER = "peer_reviewed_paper", "Peer-reviewed paper"
    HUMAN_EXPERT_STATEMENT = "human_expert_statement", "Expert statement"
    TOOL_OUTPUT = "tool_output", "Tool output"
    RUNTIME_LOG = "runtime_log", "Runtime log"
    BENCHMARK_RESULT = "benchmark_result", "Benchmark"
    THIRD_PARTY_ATTESTATION = "third_party_attestation", "Third-party attestation"
    DATASET_RECORD = "dataset_record", "Data set record"
    HUMAN_REPORT = "human_report", "Report by a person"
    PREPRINT_OR_BLOG = "preprint_or_blog", "Preprint or blog"
    ISSUE_REPORT = "issue_report", "Issue report"
    WEB_PAGE = "web_page", "Web page"
    LLM_JUDGE_ASSESSMENT = "llm_judge_assessment", "Judged by a model"
    AGENT_SELF_REPORT = "agent_self_report", "Agent's own report"
    AGENT_INFERENCE = "agent_inference", "Agent's inference"
    DERIVED_AGGREGATE = "derived_aggregate", "Derived"
    UNKNOWN = "unknown", "Unknown"


class Grade(models.TextChoices):
    """Who stands behind it, weakest first."""

    SELF_ASSERTED = "self_asserted", "Self-asserted"
    RUNNER_REPORTED = "runner_reported", "Reported by a runner"
    HOOK_OBSERVED = "hook_observed", "Observed by a hook"
    CI_ATTESTED = "ci_attested", "Attested by CI"
    HUMAN = "human", "By a person"

    @property
    def rank(self) -> int:
        """0 (weakest) to 4."""
        return list(Grade).index(self)

    @classmethod
    def at_least(cls, grade: str) -> list[str]:
        """Return the grades that satisfy a minimum."""
        return [entry.value for entry in cls if entry.rank >= cls(grade).rank]
