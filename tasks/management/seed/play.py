"""Making the demonstration through the services: what exists already stays as it is."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from accounts.models import Tenant, User
from accounts.services import create_tenant, create_user, update_preferences
from accounts.services.people import tenant_of_login
from agents.models import Agent, ModelProvider
from agents.services import register_agent
from common.context import SYSTEM
from common.errors import Conflict
from common.tenancy import system_call, tenant_context
from projects.models import Plan, Project, ProjectRole
from projects.samples.preservation import PLAN
from projects.services import add_member, create_project
from tasks.management.seed.data import (
    COMPANY,
    NEIGHBOUR,
    PEOPLE,
    PLAN_PROJECT,
    PLAN_WORKERS,
    PROJECTS,
    UPTIME,
    WORKERS,
    Person,
    Repository,
    Worker,
)
from tasks.services.samples import create_sample_plan

MEMBERS = {"engineer-1": ProjectRole.MAINTAINER, "engineer-2": ProjectRole.CONTRIBUTOR, "manager-1": ProjectRole.OWNER}
OWNER = "admin"

Row = TypeVar("Row")


@dataclass(slots=True)
class Seeded:
    """What was made now, by kind, and the passwords that nobody else has."""

    made: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def count(self, kind: str) -> None:
        self.made[kind] = self.made.get(kind, 0) + 1


def seed(*, password: str = "") -> Seeded:
    """Make the company with everything in it, and a neighbour to be kept apart from.

    `password` is for everybody who signs in with one; empty: each gets one of their own. Raises `Conflict` where an
    e-mail address is taken by another tenant.
    """
    seeded = Seeded()
    with tenant_named(COMPANY, "AI Company", seeded):
        people = {person.username: a_person(person, password, seeded) for person in PEOPLE}
    with acting_as(people[OWNER]):
        for worker in (*WORKERS, *PLAN_WORKERS):
            an_agent(worker, people[OWNER], seeded)
        for repository in PROJECTS:
            a_project(repository, people, seeded)
        a_plan(seeded)
    a_neighbour(password, seeded)
    return seeded


@contextmanager
def tenant_named(slug: str, name: str, seeded: Seeded) -> Iterator[None]:
    """Open the tenant with this slug, making it first where it is missing."""
    tenant_id = find_tenant(slug)
    if tenant_id is None:
        tenant_id = create_tenant(name=name, slug=slug).id
        seeded.count("tenants")
    with tenant_context(tenant_id, actor=SYSTEM):
        yield


def find_tenant(slug: str) -> UUID | None:
    for row in system_call("list_tenants"):
        tenant_id: UUID = row["tenant_id"]
        with tenant_context(tenant_id, actor=SYSTEM):
            if Tenant.objects.filter(slug=slug).exists():
                return tenant_id
    return None


@contextmanager
def acting_as(user: User) -> Iterator[None]:
    with tenant_context(user.tenant_id, actor=user.actor):
        yield


def a_person(person: Person, password: str, seeded: Seeded) -> User:
    """Return the person with this user name, or make them. A service account has no password."""
    found: User | None = User.objects.filter(username__iexact=person.username).first()
    if found:
        return found
    if tenant_of_login(person.email):
        raise Conflict(f"{person.email} is taken by another tenant; remove it or seed another database.")
    secret = None if person.role == "service" else password or secrets.token_urlsafe(15)
    user = create_user(
        email=person.email,
        username=person.username,
        display_name=person.display_name,
        role=person.role,
        is_staff=person.is_staff,
        password=secret,
        staff_roles=list(person.staff_roles),
        github_username=person.github,
        metadata=person.metadata,
    )
    update_preferences(user=user, **person.preferences)
    seeded.count("users")
    if secret and not password:
        seeded.passwords[person.email] = secret
    return user


def an_agent(worker: Worker, owner: User, seeded: Seeded) -> Agent:
    return existing_or(
        Agent.objects.filter(name__iexact=worker.name).first(),
        lambda: register_agent(
            owner=owner,
            created_by=owner,
            name=worker.name,
            agent_type=worker.agent_type,
            display_name=worker.display_name,
            description=worker.description,
            model_provider=ModelProvider.ANTHROPIC,
            model_name=worker.model_name,
            model_version="4.0",
            capabilities=worker.capabilities,
            configuration=worker.configuration,
            required_tools=list(worker.required_tools),
            max_tokens=worker.max_tokens,
            temperature=worker.temperature,
            tags=[worker.agent_type],
        ),
        "agents",
        seeded,
    )


def a_project(repository: Repository, people: dict[str, User], seeded: Seeded) -> Project:
    """Return the project with this slug, or make it. Its owner is found by name, whoever came first."""
    project = existing_or(
        Project.objects.filter(slug__iexact=repository.slug).first(),
        lambda: create_project(
            owner=people[OWNER],
            key=repository.key,
            name=repository.name,
            slug=repository.slug,
            description=repository.description,
            repository_url=repository.repository_url,
            repository_provider="github",
            repository_owner=COMPANY,
            repository_name=repository.slug,
            technology_stack=list(repository.stack),
            is_public=repository.is_public,
            config=repository.config,
            metadata=facts(repository),
        ),
        "projects",
        seeded,
    )
    for name, role in MEMBERS.items():
        add_member(project=project, user=people[name], role=role)
    return project


def a_plan(seeded: Seeded) -> Plan:
    """Return the plan with phases, groups and gates, or make it."""
    project = Project.objects.get(key=PLAN_PROJECT)
    found: Plan | None = Plan.objects.filter(project=project, name=PLAN.name).first()
    workers = {agent.name: agent for agent in Agent.objects.filter(name__in=PLAN.agents)}
    return existing_or(found, lambda: create_sample_plan(project=project, agents=workers), "plans", seeded)


def facts(repository: Repository) -> dict[str, Any]:
    uptime = {"sla_uptime": UPTIME[repository.slug]} if repository.slug in UPTIME else {}
    return {"team_size": repository.team_size, "criticality": repository.criticality, **uptime}


def existing_or(found: Row | None, make: Callable[[], Row], kind: str, seeded: Seeded) -> Row:
    if found is not None:
        return found
    seeded.count(kind)
    return make()


def a_neighbour(password: str, seeded: Seeded) -> None:
    """Somebody else with a project of the same name: the two must not see each other."""
    person = Person("admin", "admin@other-company.example.com", "Neighbour", "admin", "", {}, {}, is_staff=True)
    with tenant_named(NEIGHBOUR, "Other Company", seeded):
        admin = a_person(person, password, seeded)
    with acting_as(admin):
        a_project(PROJECTS[0], dict.fromkeys((OWNER, *MEMBERS), admin), seeded)
