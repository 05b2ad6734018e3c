"""What the demonstration consists of, as the specification lists it (requirements §3 and §9.3)."""

from dataclasses import dataclass, field
from typing import Any

COMPANY = "ai-company"
NEIGHBOUR = "other-company"


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    email: str
    display_name: str
    role: str
    github: str
    metadata: dict[str, Any]
    preferences: dict[str, Any]
    is_staff: bool = False
    staff_roles: tuple[str, ...] = ()


PEOPLE = (
    Person(
        "admin",
        "admin@example.com",
        "Admin User",
        "admin",
        "admin-github",
        {"organization": "ai-company", "role": "founder"},
        {"theme": "dark", "notifications": "at_once"},
        is_staff=True,
    ),
    Person(
        "orchestrator-bot",
        "orchestrator@ai-company.com",
        "Orchestrator Bot",
        "service",
        "ai-orchestrator-bot",
        {"service": "orchestrator", "version": "1.0.0"},
        {"preferences": {"auto_assign_tasks": True}},
    ),
    Person(
        "engineer-1",
        "engineer1@example.com",
        "Senior Engineer",
        "user",
        "engineer1-github",
        {"department": "engineering", "level": "senior"},
        {"theme": "light", "notifications": "at_once"},
    ),
    Person(
        "engineer-2",
        "engineer2@example.com",
        "Staff Engineer",
        "user",
        "engineer2-github",
        {"department": "engineering", "level": "staff"},
        {"theme": "dark", "notifications": "at_once"},
    ),
    # the third engineer: every role has a sample, and there are three levels of engineers
    Person(
        "manager-1",
        "manager@example.com",
        "Engineering Manager",
        "manager",
        "manager-github",
        {"department": "management", "level": "lead", "reports": 5},
        {"theme": "light", "notifications": "digest"},
        is_staff=True,
        staff_roles=("project_admin", "auditor"),
    ),
)


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent. `capabilities` maps a name to true or to a list of words."""

    name: str
    display_name: str
    agent_type: str
    capabilities: dict[str, Any]
    configuration: dict[str, Any] = field(default_factory=dict)
    required_tools: tuple[str, ...] = ()
    model_name: str = "claude-sonnet-4"
    max_tokens: int = 4096
    temperature: str = "0.5"
    description: str = ""


def able(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, True)


WORKERS = (
    Worker(
        "orchestrator",
        "Orchestrator",
        "orchestrator",
        able("routing", "task_decomposition", "priority_management", "cost_optimization"),
        {"max_parallel_agents": 5, "timeout_seconds": 3600},
        ("router", "priority_queue", "cost_calculator"),
        model_name="claude-opus-4",
        max_tokens=8192,
        temperature="0.3",
    ),
    Worker(
        "architect",
        "Architect",
        "architect",
        able("design_patterns", "scalability_analysis", "trade_off_analysis"),
        {"focus_areas": ["performance", "security", "maintainability"]},
        ("codebase_analyzer", "design_pattern_detector"),
    ),
    Worker(
        "planner",
        "Planner",
        "planner",
        able("estimation", "dependency_tracking", "sprint_planning"),
        {"estimation_method": "story_points", "sprint_length_days": 14},
        ("task_analyzer", "dependency_graph"),
        temperature="0.4",
    ),
    Worker(
        "codegen",
        "Code Generator",
        "codegen",
        {
            "language_support": ["python", "typescript", "java"],
            "framework_support": ["react", "fastapi", "spring"],
        },
        {"include_tests": True, "include_docs": True},
        ("code_formatter", "linter"),
        max_tokens=8192,
        temperature="0.7",
    ),
    Worker(
        "reviewer",
        "Code Reviewer",
        "reviewer",
        able("code_quality", "security_review", "performance_review", "style_guide"),
        {"min_approval_score": 7.0, "require_coverage": True},
        ("static_analyzer", "security_scanner"),
    ),
    Worker(
        "tester",
        "QA Tester",
        "tester",
        able("test_generation", "test_execution", "coverage_analysis"),
        {"min_coverage": 80, "test_framework": "pytest"},
        ("test_executor", "coverage_analyzer"),
    ),
    Worker(
        "security",
        "Security Agent",
        "security",
        able("vulnerability_detection", "secret_detection", "dependency_scanning", "compliance"),
        {"owasp_check": True, "cwe_check": True},
        ("security_scanner", "dependency_checker", "secret_detector"),
        temperature="0.3",
    ),
    Worker(
        "deployer",
        "Deployment Agent",
        "deployer",
        able("deployment", "rollback", "monitoring"),
        {"environments": ["staging", "production"], "blue_green_enabled": True},
        ("docker", "kubernetes", "terraform"),
        temperature="0.4",
    ),
    Worker(
        "debugger",
        "Debugger",
        "debugger",
        able("error_analysis", "root_cause_analysis", "solution_recommendation"),
        {"max_diagnosis_attempts": 5},
        ("log_analyzer", "trace_inspector"),
        temperature="0.6",
    ),
    Worker(
        "documentation",
        "Documentation Agent",
        "documentation",
        able("api_docs", "user_guide", "architecture_docs"),
        {"format": "markdown", "include_examples": True},
        ("doc_generator", "markdown_formatter"),
    ),
)

# The nine who carry the plan.
PLAN_WORKERS = (
    Worker("python-backend-engineer", "Python Backend Engineer", "codegen", able("python", "django", "api")),
    Worker("data-layer-expert", "Data Layer Expert", "architect", able("postgresql", "migrations", "caching")),
    Worker("ui-engineer", "UI Engineer", "codegen", able("html", "css", "accessibility")),
    Worker("frontend-developer", "Frontend Developer", "codegen", able("javascript", "pages")),
    Worker("code-reviewer", "Plan Reviewer", "reviewer", able("code_review", "pattern_preservation")),
    Worker("task-completion-validator", "Task Completion Validator", "tester", able("validation", "test_execution")),
    Worker("lead-architect", "Lead Architect", "architect", able("architecture", "approval")),
    Worker("frontend-architect", "Frontend Architect", "architect", able("frontend_architecture")),
    Worker("ultrathink-debugger", "Deep Debugger", "debugger", able("root_cause_analysis", "tracing")),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A project of the company on GitHub."""

    key: str
    name: str
    slug: str
    description: str
    is_public: bool
    stack: tuple[str, ...]
    reviews: int
    team_size: int
    criticality: str
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        return {"default_branch": "main", "require_pr_reviews": self.reviews, **self.more}

    @property
    def repository_url(self) -> str:
        return f"https://github.com/{COMPANY}/{self.slug}"


PROJECTS = (
    Repository(
        "AEP",
        "AI Engineering Platform",
        "ai-eng-platform",
        "The core AI-First Software Engineering Platform",
        True,
        ("python", "fastapi", "react", "typescript", "postgresql", "redis"),
        2,
        12,
        "high",
        {"auto_merge_enabled": False},
    ),
    # the specification's own spelling, underscore included
    Repository(
        "MOE",
        "MoE Router Service",
        "moe_router",
        "Mixture of Experts routing intelligence for agent selection",
        True,
        ("python", "fastapi", "numpy", "scikit-learn"),
        2,
        4,
        "high",
    ),
    Repository(
        "FUI",
        "Frontend UI",
        "frontend-ui",
        "Next.js premium UI with shadcn/ui components",
        True,
        ("typescript", "react", "next.js", "tailwind", "zustand"),
        1,
        5,
        "high",
    ),
    Repository(
        "LIB",
        "Agent Library",
        "agent-library",
        "Specialized agent implementations and tools",
        True,
        ("python", "pydantic", "anthropic", "openai"),
        2,
        8,
        "high",
    ),
    Repository(
        "HUB",
        "Integration Hub",
        "integration-hub",
        "External API integrations and connectors",
        False,
        ("python", "fastapi", "requests"),
        1,
        3,
        "medium",
    ),
)
PLAN_PROJECT = "AEP"
UPTIME = {"ai-eng-platform": 99.9}
