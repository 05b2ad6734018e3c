"""A tenant as big as a tenant gets, beside a small one: what `load_sample` makes, and a hundred thousand artifacts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

import psycopg
from django.core.management import call_command
from django.test import override_settings

from accounts.models import User
from accounts.services import create_token
from agents.models import Agent
from agents.services import issue_agent_token
from common.context import SYSTEM, Principal
from common.tenancy import tenant_context
from evidence.models import Artifact, Evidence
from projects.models import Project, ProjectMember, ProjectRole
from tasks.management.load.fill import Fill, identifier, pick
from tasks.models import Execution, Task

SIZES = {"users": 100_000, "projects": 200, "agents": 100_000, "tasks": 300_000, "events": 300_000}
ARTIFACTS = 100_000
BIG = 50_000
"""a table with more rows than this is never read from one end to the other"""
SLUG = "scale"


@dataclass(frozen=True, slots=True)
class Company:
    """Ids by the names that the API's tables use, and tokens: an administrator's, a member's of one project, an agent's
    that may work on every project.
    """

    tenant_id: Any
    names: dict[str, str]
    tokens: dict[str, str]
    admin: User
    member: User
    agent: Agent
    project: Project

    @contextmanager
    def as_(self, who: str) -> Iterator[None]:
        actor = {"system": SYSTEM, "agent": self.agent_principal.actor}.get(who) or getattr(self, who).actor
        with tenant_context(self.tenant_id, actor=actor):
            yield

    @property
    def agent_principal(self) -> Principal:
        return Principal(
            tenant_id=self.tenant_id,
            user_id=self.agent.owner_id,
            agent_id=self.agent.id,
            label=str(self.agent),
            role=self.agent.owner.role,
            scopes=frozenset({"read", "work"}),
            via="token",
        )


@contextmanager
def company() -> Iterator[Company]:
    """Fill the suite's database, which nobody else uses then, and let its statistics be gathered."""
    with override_settings(DEVELOPMENT=True):
        call_command("load_sample", slug=SLUG, stdout=StringIO(), **SIZES)
    tenant_id = tenant_named(SLUG)
    with tenant_context(tenant_id, actor=SYSTEM):
        made = introduce(tenant_id)
        artifacts(made.names["project"]).run(0, ARTIFACTS - 1, {"seed": 1, "since": 0, "span": 1})
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    yield made


def tenant_named(slug: str) -> Any:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        [[tenant_id]] = owner.execute("SELECT id FROM accounts_tenant WHERE slug = %s", [slug]).fetchall()
    return tenant_id


def introduce(tenant_id: Any) -> Company:
    """Give tokens to the administrator, to the owner of the first project and to an agent of theirs."""
    admin = User.objects.get(email=f"admin@{SLUG}.example.org")
    project = Project.objects.select_related("owner").get(slug="sample-2")
    member = User.objects.get(id=project.owner_id)
    agent = Agent.objects.select_related("owner").get(name="sample-agent-5")
    everywhere = [
        ProjectMember(project=each, user=agent.owner, role=ProjectRole.CONTRIBUTOR)
        for each in Project.objects.exclude(members__user=agent.owner)
    ]
    ProjectMember.objects.bulk_create(everywhere)
    closed = Execution.objects.filter(project=project).earliest("id")
    rows = {
        "project": project,
        "task": Task.objects.get(id=closed.task_id),
        "execution": closed,
        "evidence": Evidence.objects.filter(project=project).earliest("id"),
        "agent": agent,
        "admin": admin,
        "engineer": member,
    }
    scopes = ["read", "write", "approve", "admin"]
    tokens = {
        "admin": create_token(user=admin, name="scale", scopes=scopes).secret,
        "engineer": create_token(user=member, name="scale", scopes=scopes).secret,
        "agent": issue_agent_token(agent=agent).secret,
    }
    names = {name: str(row.pk) for name, row in rows.items()}
    return Company(tenant_id, names, tokens, admin=admin, member=member, agent=agent, project=project)


def artifacts(project_id: str) -> Fill:
    """Sections would need documents; documents with a rare word each will do."""
    words = ["claims", "leases", "evidence", "gates", "budgets"]
    return Fill(
        "artifacts",
        Artifact,
        ARTIFACTS,
        {
            "id": identifier("artifact", "i", rows=ARTIFACTS),
            "project_id": f"'{project_id}'::uuid",
            "artifact_type": "'agent_output'",
            "path": "'notes/' || i",
            "title": f"{pick(words, 'word')} || ' word' || (i %% 5000)",
            "content_text": f"'All about ' || {pick(words, 'text')}",
            "content_sha256": "encode(sha256(('artifact' || i)::bytea), 'hex')",
            "created_by_id": "(SELECT owner_id FROM projects_project WHERE slug = 'sample-2')",
            "source_agent_id": "NULL::uuid",
        },
    )
