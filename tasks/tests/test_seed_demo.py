"""`manage.py seed_demo`: the company of the specification, made once."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role, User
from accounts.services import create_tenant, create_user
from agents.models import Agent
from audit.models import Event
from common.context import SYSTEM
from common.tenancy import tenant_context
from projects.models import EscalationRule, Gate, GateCheck, Plan, Project, ProjectMember, SuccessCriterion, TaskGroup
from tasks.management.seed.data import COMPANY, NEIGHBOUR, PLAN_WORKERS, PROJECTS, WORKERS
from tasks.management.seed.play import find_tenant
from tasks.models import Task

PASSWORD = "a password for the demonstration"
# requirements §3.2: name, model, most tokens, temperature; and §3.3: whether the project is public
ROSTER = """
orchestrator claude-opus-4 8192 0.30, architect claude-sonnet-4 4096 0.50, planner claude-sonnet-4 4096 0.40,
codegen claude-sonnet-4 8192 0.70, reviewer claude-sonnet-4 4096 0.50, tester claude-sonnet-4 4096 0.50,
security claude-sonnet-4 4096 0.30, deployer claude-sonnet-4 4096 0.40, debugger claude-sonnet-4 4096 0.60,
documentation claude-sonnet-4 4096 0.50"""
PUBLIC = {
    "ai-eng-platform": True,
    "moe_router": True,
    "frontend-ui": True,
    "agent-library": True,
    "integration-hub": False,
}


@pytest.fixture(autouse=True)
def development(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEVELOPMENT = True
    monkeypatch.delenv("SEED_PASSWORD", raising=False)


def seed(**options: Any) -> str:
    told = StringIO()
    call_command("seed_demo", stdout=told, **options)
    return told.getvalue()


def inside(slug: str) -> Any:
    tenant_id = find_tenant(slug)
    assert tenant_id is not None
    return tenant_context(tenant_id, actor=SYSTEM)


def counted() -> dict[str, int]:
    """Return how many rows of each kind the company has."""
    models = (User, Agent, Project, ProjectMember, Plan, TaskGroup, Gate, GateCheck, Task, Event)
    with inside(COMPANY):
        return {model.__name__: model._default_manager.count() for model in models}


def test_the_people_are_those_of_the_specification(db: None) -> None:
    seed()
    with inside(COMPANY):
        people = {user.username: user for user in User.objects.all()}
        assert set(people) == {"admin", "orchestrator-bot", "engineer-1", "engineer-2", "manager-1"}
        assert {user.role for user in people.values()} == set(Role.values)
        assert not people["orchestrator-bot"].has_usable_password()
        levels = {name: people[name].metadata["level"] for name in ("engineer-1", "engineer-2", "manager-1")}
        assert levels == {"engineer-1": "senior", "engineer-2": "staff", "manager-1": "lead"}
        assert people["admin"].preferences.get().theme == "dark"
        assert people["engineer-1"].github_username == "engineer1-github"


def test_the_agents_are_those_of_the_specification(db: None) -> None:
    seed()
    with inside(COMPANY):
        agents = {agent.name: agent for agent in Agent.objects.all()}
        assert set(agents) == {worker.name for worker in (*WORKERS, *PLAN_WORKERS)}
        assert (len(WORKERS), len(PLAN_WORKERS)) == (10, 9)
        for line in ROSTER.split(","):
            name, model, tokens, temperature = line.split()
            agent = agents[name]
            assert (agent.model_name, agent.max_tokens, str(agent.temperature)) == (model, int(tokens), temperature)
            assert agent.agent_type == name
            assert (agent.model_provider, agent.model_version, agent.version) == ("anthropic", "4.0", "1.0.0")
            assert agent.capabilities
            assert agent.required_tools
        assert agents["codegen"].capabilities["language_support"] == ["python", "typescript", "java"]


def test_the_projects_are_those_of_the_specification(db: None) -> None:
    seed()
    with inside(COMPANY):
        admin = User.objects.get(username="admin")
        projects = {project.slug: project for project in Project.objects.all()}
        assert set(projects) == {repository.slug for repository in PROJECTS}
        assert {project.owner_id for project in projects.values()} == {admin.id}
        platform = projects["ai-eng-platform"]
        assert platform.metadata == {"team_size": 12, "criticality": "high", "sla_uptime": 99.9}
        assert (platform.repository_provider, platform.repository_owner) == ("github", COMPANY)
        assert platform.repository_url == "https://github.com/ai-company/ai-eng-platform"
        assert {slug: project.is_public for slug, project in projects.items()} == PUBLIC


def test_the_plan_is_that_of_the_specification(db: None) -> None:
    seed()
    with inside(COMPANY):
        [plan] = Plan.objects.all()
        gates = Gate.objects.filter(phase__plan=plan)
        assert sorted(gates.values_list("kind", flat=True)) == ["final", "review", "review", "review", "validation"]
        assert GateCheck.objects.filter(gate__phase__plan=plan, gate__kind="validation").count() == 17
        assert SuccessCriterion.objects.filter(phase__plan=plan).count() == 7
        assert EscalationRule.objects.filter(phase__plan=plan).count() == 4
        codes = set(Task.objects.filter(plan=plan).values_list("code", flat=True))
        assert codes >= {"1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4.1", "4.2", "4.3"}


def test_a_second_run_changes_nothing(db: None) -> None:
    assert "Made" in seed()
    before = counted()
    assert "Everything was there already." in seed()
    assert counted() == before


def test_a_neighbour_has_a_project_of_the_same_name_and_sees_nothing_else(db: None) -> None:
    seed()
    with inside(NEIGHBOUR):
        assert [project.slug for project in Project.objects.all()] == ["ai-eng-platform"]
        assert not Task.objects.exists()
        assert User.objects.count() == 1


def test_passwords_are_printed_once_or_come_from_the_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED_PASSWORD", PASSWORD)
    told = seed()
    assert PASSWORD not in told
    assert "shown once" not in told
    with inside(COMPANY):
        assert User.objects.get(username="engineer-1").check_password(PASSWORD)


def test_a_generated_password_signs_in(db: None) -> None:
    lines = [line.split() for line in seed().splitlines() if "@" in line]
    passwords = {line[0]: line[1] for line in lines}
    assert len(passwords) == 5
    with inside(COMPANY):
        assert User.objects.get(username="admin").check_password(passwords["admin@example.com"])


def test_an_address_that_another_tenant_has_is_said(db: None) -> None:
    tenant = create_tenant(name="First", slug="first")
    with tenant_context(tenant.id, actor=SYSTEM):
        create_user(email="admin@example.com", display_name="Somebody", password=None)
    with pytest.raises(CommandError, match=r"admin@example\.com is taken"):
        seed()


def test_it_refuses_a_database_that_is_no_development_one(db: None, settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="--force"):
        seed()
    assert find_tenant(COMPANY) is None
    assert "Made" in seed(force=True)
