"""The tasks of the demo, and the tools that each agent offers."""

from dataclasses import dataclass
from typing import Any

from agents.models import AgentType
from tasks.management.demo.checkout import Checkout
from tasks.models import CriterionKind, Priority, TaskType
from tasks.services import CriterionInput

LEASE_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A task to be done: by an agent with the capability, with these commands of its configuration."""

    role: str
    title: str
    description: str
    capability: str
    commands: list[str]
    paths: list[str]
    type: str = TaskType.TEST
    priority: str = Priority.MEDIUM

    @property
    def input(self) -> dict[str, Any]:
        return {"commands": self.commands} | ({"paths": self.paths} if self.paths else {})

    @property
    def criteria(self) -> list[CriterionInput]:
        return [
            CriterionInput(
                kind=CriterionKind.COMMAND_EXIT,
                title=f"{command} ends with exit code 0",
                parameters={"command": command, "exit_code": 0},
            )
            for command in self.commands
        ]


AGENTS: dict[str, tuple[str, str]] = {
    "tester": (AgentType.TESTER, "tests"),
    "reviewer": (AgentType.REVIEWER, "review"),
    "security": (AgentType.SECURITY, "security"),
}

# Who meets with an accident: the tester is killed in mid-work, the security agent sleeps through its lease.
KILLED, SUSPENDED = "killed", "suspended"


def write_script(checkout: Checkout) -> list[Part]:
    """Return the tasks, written for this repository."""
    package = ", ".join(checkout.package) or "the repository"
    tests = ", ".join(checkout.short_tests) or "the repository"
    long_tests = ", ".join(checkout.long_tests) or "the repository"
    wide = ", ".join(checkout.wide_package) or "the repository"
    return [
        Part(
            KILLED,
            f"Run the longer tests: {long_tests}",
            "The demo kills the agent in the middle of this. The task is claimed again when the lease has run out.",
            "tests",
            ["pytest"],
            checkout.long_tests,
            priority=Priority.CRITICAL,
        ),
        Part(
            SUSPENDED,
            f"Scan {wide} for security problems",
            "The demo suspends the agent past its lease. Another one does the task; the late result is refused.",
            "security",
            ["bandit"],
            checkout.wide_package,
            priority=Priority.CRITICAL,
        ),
        Part(
            "risky",
            f"Reformat {package} to 79 columns and commit",
            "Changing files and committing is a risky step: the agent asks before it acts.",
            "review",
            ["format"],
            checkout.package,
            TaskType.REFACTOR,
            Priority.HIGH,
        ),
        Part("tests", f"Run {tests}", "", "tests", ["pytest"], checkout.short_tests),
        Part("review", f"Lint and type-check {package}", "", "review", ["ruff", "mypy"], checkout.package),
        Part("scan", f"Scan {package} for security problems", "", "security", ["bandit"], checkout.package),
        Part(
            "missed",
            f"Meet every rule that ruff has in {package}",
            "Nobody expects this to succeed: it shows how a task that misses its criterion looks.",
            "review",
            ["ruff-all"],
            checkout.package,
            priority=Priority.LOW,
        ),
    ]


PATHS = {"paths": {"kind": "paths", "default": ["."]}}
TOOLS: dict[str, dict[str, Any]] = {
    "pytest": {
        # The clone's own pytest settings ask for plugins and servers that a working copy does not have.
        "argv": [
            "pytest", "-q", "-c", "/dev/null", "--rootdir", ".", "--noconftest", "-p", "no:cacheprovider", "{paths}",
        ],
        "environment": {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        "source_type": "test_result",
        "parameters": PATHS,
    },
    "ruff": {
        "argv": ["ruff", "check", "--no-cache", "{paths}"],
        "source_type": "static_analysis",
        "parameters": PATHS,
    },
    "ruff-all": {
        "argv": ["ruff", "check", "--no-cache", "--select", "ALL", "--statistics", "{paths}"],
        "source_type": "static_analysis",
        "parameters": PATHS,
    },
    "mypy": {
        "argv": [
            "mypy", "--config-file", "/dev/null", "--cache-dir", "/dev/null",
            "--ignore-missing-imports", "--explicit-package-bases", "{paths}",
        ],
        "source_type": "static_analysis",
        "parameters": PATHS,
    },
    "bandit": {
        "argv": ["bandit", "-r", "-ll", "--exclude", "./.venv", "{paths}"],
        "source_type": "security_scan",
        "parameters": PATHS,
    },
    "format": {
        "argv": ["ruff", "format", "--no-cache", "--line-length", "79", "{paths}"],
        "preview": ["ruff", "format", "--no-cache", "--line-length", "79", "--diff", "{paths}"],
        "approval": True,
        "commit_message": "Reformat to 79 columns",
        "source_type": "code_analysis",
        "parameters": PATHS,
    },
}  # fmt: skip
OFFERED = {
    "tests": ["pytest"],
    "review": ["ruff", "mypy", "ruff-all", "format"],
    "security": ["bandit"],
}
