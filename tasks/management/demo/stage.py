"""The set-up, through the services: people, project, agents, plan, tasks with their contracts."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.services import create_tenant, create_token, create_user
from agents.services import issue_agent_token, register_agent
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context
from projects.models import Plan, Project, ProjectRole
from projects.services import add_member, create_plan, create_project
from tasks.management.demo.checkout import Checkout
from tasks.management.demo.script import AGENTS, Part, write_script
from tasks.services import create_task, set_contract

TOKEN_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; the password is in nobody's hands but the reader's."""

    user: User
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent and the token its process gets."""

    id: str
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the demo plays with. `keys` names the tasks by their role in it."""

    project: Project
    engineer: Person
    reviewer: Person
    agents: dict[str, Worker]
    keys: dict[str, str]


def set_up(checkout: Checkout) -> Stage:
    """Make a project of its own for this run, so that nothing an earlier one left behind is in its way."""
    tenant_id = the_tenant()
    with tenant_context(tenant_id, actor=SYSTEM):
        suffix = free_suffix()
        engineer = add_person("engineer", suffix, ["read", "write"])
        reviewer = add_person("reviewer", suffix, ["read", "approve"])
    with tenant_context(tenant_id, actor=engineer.user.actor):
        project = add_project(checkout, engineer.user, suffix)
        add_member(project=project, user=reviewer.user, role=ProjectRole.MAINTAINER)
        agents = {name: add_agent(name, suffix, engineer.user) for name in AGENTS}
        plan = create_plan(project=project, name="Demo", goal="Watch agents work, and check what they say.")
        keys = {part.role: add_task(part, project, plan, engineer.user) for part in write_script(checkout)}
    return Stage(project, engineer, reviewer, agents, keys)


def the_tenant() -> UUID:
    """Return the first tenant: the one whose administrator `make run` made."""
    tenants = sorted(row["tenant_id"] for row in system_call("list_tenants"))
    return tenants[0] if tenants else create_tenant(name="Countermark", slug="countermark").id


def free_suffix() -> str:
    """Return what tells this run's names from those of earlier ones."""
    for number in count(1):
        suffix = f"-{number}" if number > 1 else ""
        is_used = User.objects.filter(email=email_of("engineer", suffix)).exists()
        if not is_used and not Project.objects.filter(slug=f"demo{suffix}").exists():
            return suffix
    raise AssertionError("count never ends")


def email_of(name: str, suffix: str) -> str:
    return f"{name}{suffix}@demo.countermark.local"


def add_person(name: str, suffix: str, scopes: list[str]) -> Person:
    password = secrets.token_urlsafe(12)
    user = create_user(
        email=email_of(name, suffix),
        username=f"demo-{name}{suffix}",
        display_name=f"Demo {name}{suffix.replace('-', ' ')}",
        password=password,
    )
    token = create_token(user=user, name="demo", scopes=scopes, expires_at=timezone.now() + TOKEN_LIFETIME)
    return Person(user, password, token.secret)


def add_project(checkout: Checkout, owner: User, suffix: str) -> Project:
    return create_project(
        owner=owner,
        name=f"Demo{suffix.replace('-', ' ')}",
        key=f"DEMO{suffix.removeprefix('-')}",
        slug=f"demo{suffix}",
        repository_url=str(checkout.path),
        default_branch=checkout.branch,
        description=f"Agents at work on {checkout.path.name} at {checkout.commit[:12]}.",
    )


def add_agent(name: str, suffix: str, owner: User) -> Worker:
    agent_type, capability = AGENTS[name]
    agent = register_agent(owner=owner, name=f"{name}{suffix}", agent_type=agent_type, capabilities={capability: {}})
    return Worker(str(agent.id), agent.name, issue_agent_token(agent=agent, lifetime=TOKEN_LIFETIME).secret)


def add_task(part: Part, project: Project, plan: Plan, author: User) -> str:
    """Return the new task's key."""
    task = create_task(
        project=project,
        plan=plan,
        title=part.title,
        description=part.description,
        type=part.type,
        priority=part.priority,
        input=part.input,
        required_capabilities=[part.capability],
        created_by_id=author.id,
    )
    set_contract(task=task, criteria=part.criteria)
    return task.key
