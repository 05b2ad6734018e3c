"""The people and things that tests talk about."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

from django.test import Client as DjangoClient

from accounts.models import Role, Tenant, User
from accounts.services import create_tenant, create_token, create_user
from agents.models import Agent, AgentType
from agents.services import issue_agent_token, register_agent
from common.context import SYSTEM, Principal
from common.tenancy import tenant_context
from projects.models import Project, ProjectRole
from projects.services import add_member, create_project

PASSWORD = "a long enough password"
_number = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A tenant: an administrator, an engineer who owns project and agent, a reviewer (maintainer), a viewer, a stranger
    (of the tenant, not of the project). `token` is the agent's; `tokens` are the people's, by their name here.
    """

    tenant: Tenant
    admin: User
    engineer: User
    reviewer: User
    viewer: User
    stranger: User
    project: Project
    agent: Agent
    token: str
    tokens: dict[str, str]

    @property
    def people(self) -> dict[str, User]:
        return {name: getattr(self, name) for name in ("admin", "engineer", "reviewer", "viewer", "stranger")}

    @property
    def agent_principal(self) -> Principal:
        return Principal(
            tenant_id=self.tenant.id,
            user_id=self.engineer.id,
            agent_id=self.agent.id,
            label=str(self.agent),
            role=self.engineer.role,
            scopes=frozenset({"read", "work"}),
            via="token",
        )

    def as_(self, name: str) -> Any:
        """Return a context in the name of one of the people, `agent` or `system`."""
        actor = {"agent": self.agent_principal.actor, "system": SYSTEM}.get(name) or self.people[name].actor
        return tenant_context(self.tenant.id, actor=actor)


class Client(DjangoClient):
    """A client that sends a bearer token and JSON, and reads JSON back."""

    def __init__(self, token: str = "", **kwargs: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(headers=headers, raise_request_exception=False, **kwargs)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send JSON to a path below /api/v1/ (or an absolute one) and return the response."""
        target = path if path.startswith("/") else f"/api/v1/{path}"
        raw = body if isinstance(body, bytes) else json.dumps(body) if body is not None else b""
        return self.generic(method, target, raw, content_type="application/json", headers=headers or None)


def make_world() -> World:
    """Create a tenant with its people, project and agent."""
    mark = f"{next(_number)}-{uuid4().hex[:6]}"
    tenant = create_tenant(name=f"Tenant {mark}", slug=f"tenant-{mark}")
    with tenant_context(tenant.id, actor=SYSTEM):
        people = {
            name: create_user(
                email=f"{name}-{mark}@example.org",
                display_name=name.capitalize(),
                password=PASSWORD,
                role=Role.ADMIN if name == "admin" else Role.USER,
                is_staff=name == "admin",
            )
            for name in ("admin", "engineer", "reviewer", "viewer", "stranger")
        }
        project = create_project(owner=people["engineer"], name="Countermark", key="CM", slug="countermark")
        add_member(project=project, user=people["reviewer"], role=ProjectRole.MAINTAINER)
        add_member(project=project, user=people["viewer"], role=ProjectRole.VIEWER)
        agent = register_agent(
            owner=people["engineer"], name="tester", agent_type=AgentType.TESTER, capabilities={"pytest": {}}
        )
        tokens = {
            name: create_token(user=user, name=name, scopes=["read", "write", "approve", "admin"]).secret
            for name, user in people.items()
        }
        token = issue_agent_token(agent=agent).secret
    return World(tenant=tenant, project=project, agent=agent, token=token, tokens=tokens, **people)
