"""What shows that something is so."""

from decimal import Decimal

from django.db import models

from accounts.models import User
from agents.models import Agent
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from evidence.querysets import EvidenceQuerySet
from projects.models import Project


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


class Evidence(TenantModel):
    """One piece of evidence. Its content never changes; a person may verify or reject it later.

    `credibility` C and `uncertainty` u are the binomial opinion of reference/evidence_audit.md §4.2: with no
    attestation yet, C is the base rate of its source type and u is 1.
    """

    project = TenantForeignKey(Project, related_name="evidence")
    task_id = models.UUIDField(null=True, editable=False)
    execution_id = models.UUIDField(null=True, editable=False)
    agent = TenantForeignKey(Agent, null=True, related_name="evidence")
    author = TenantForeignKey(User, null=True, related_name="evidence")

    source_type = models.CharField(max_length=30, choices=SourceType.choices)
    grade = models.CharField(max_length=20, choices=Grade.choices)
    title = models.CharField(max_length=500)
    description = models.TextField(default="", blank=True)
    data = models.JSONField(default=dict)
    content = models.TextField(null=True)  # noqa: DJ001  # NULL means "not handed in", only its digest was
    content_sha256 = models.CharField(max_length=64)
    content_size = models.PositiveIntegerField(null=True)
    credibility = models.DecimalField(max_digits=5, decimal_places=4)
    uncertainty = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal(1))

    verified_at = models.DateTimeField(null=True, editable=False)
    verified_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    rejected_at = models.DateTimeField(null=True, editable=False)
    rejected_by = TenantForeignKey(User, null=True, editable=False, related_name="+")
    review_note = models.TextField(default="", editable=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "evidence"
        constraints = (
            one_of("source_type", SourceType, name="evidence_evidence_source_type"),
            one_of("grade", Grade, name="evidence_evidence_grade"),
            models.CheckConstraint(
                condition=models.Q(credibility__gte=0) & models.Q(credibility__lte=1),
                name="evidence_evidence_credibility",
            ),
            models.CheckConstraint(
                condition=models.Q(uncertainty__gte=0) & models.Q(uncertainty__lte=1),
                name="evidence_evidence_uncertainty",
            ),
            models.CheckConstraint(
                condition=models.Q(agent__isnull=False) | models.Q(author__isnull=False),
                name="evidence_evidence_has_author",
            ),
            models.CheckConstraint(
                condition=models.Q(verified_at__isnull=True) | models.Q(rejected_at__isnull=True),
                name="evidence_evidence_verified_or_rejected",
            ),
            # separation of duties: nobody verifies their own evidence
            models.CheckConstraint(
                condition=models.Q(author__isnull=True)
                | models.Q(verified_by__isnull=True)
                | ~models.Q(author=models.F("verified_by")),
                name="evidence_evidence_other_verifier",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the evidence of one task, newest first (task page, contract evaluation)",
                fields=["tenant", "task_id", "-id"],
                name="evidence_evidence_task",
            ),
            QueryIndex(
                serves="the evidence list of one project",
                fields=["tenant", "project", "-id"],
                name="evidence_evidence_project",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def exit_code(self) -> int | None:
        code = self.data.get("exit_code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None
