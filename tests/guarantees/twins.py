"""Two databases that differ in one thing: in the first, tenant B exists with rows in every table; in the second it does
not. Whatever SQL tenant A runs, it must get the same answer in both.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from django.db import connections
from psycopg import sql

from accounts.models import IdempotencyKey, Session
from common.context import SYSTEM
from common.errors import LeaseLost
from common.tenancy import tenant_context
from projects.models import Plan
from tasks.models import Execution
from tasks.services import (
    CriterionInput,
    append_log,
    claim_tasks,
    complete_execution,
    create_task,
    hand_in_evidence,
    request_approval,
    respond_to_approval,
    set_contract,
)
from tasks.services.leases import LeaseClaim, lease_token
from tests.database import administration, prepare, template_database, url_of
from tests.world import World, make_world

FAR = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Twins:
    """`with_b` and `without_b` are database names; `a` and `b` the tenants."""

    with_b: str
    without_b: str
    a: World
    b: World

    @property
    def names(self) -> tuple[str, str]:
        return self.with_b, self.without_b


def app_url(database: str) -> str:
    return url_of(os.environ["DATABASE_URL"], database)


def owner_url(database: str) -> str:
    return url_of(os.environ["DATABASE_OWNER_URL"], database)


@contextmanager
def twins(breaks: Sequence[str] = ()) -> Iterator[Twins]:
    """Make both databases, drop them afterwards. `breaks` are statements that spoil the protection first (mutants)."""
    mark = uuid4().hex[:8]
    base, with_b, without_b = (f"cm_twin_{mark}_{name}" for name in ("base", "with", "without"))
    try:
        make_database(base, None)
        with psycopg.connect(owner_url(base)) as owner:
            for statement in breaks:
                owner.execute(statement)
        a = populate(base)
        make_database(with_b, base)
        make_database(without_b, base)
        yield Twins(with_b, without_b, a, populate(with_b))
    finally:
        with administration() as connection:
            for name in (base, with_b, without_b):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def make_database(name: str, source: str | None) -> None:
    """Copy `source`, or the template, and grant what a copy does not carry over."""
    with administration() as connection:
        template = source or template_database(connection)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        prepare(owner_url(name))


def populate(database: str) -> World:
    """Put a tenant with rows in every table into a database that is not the suite's."""
    settings = [connection.settings_dict for connection in connections.all()]
    before = [entry["NAME"] for entry in settings]
    connections.close_all()
    try:
        for entry in settings:
            entry["NAME"] = database
        world = make_world()
        fill(world)
        return world
    finally:
        connections.close_all()
        for entry, name in zip(settings, before, strict=True):
            entry["NAME"] = name


def fill(world: World) -> None:
    """Give a tenant rows in every table, by the services where there is one."""
    with world.as_("engineer"):
        plan = Plan.objects.create(project=world.project, name="plan")
        for number in range(3):
            task = create_task(
                project=world.project, title=f"task {number}", plan=plan, created_by_id=world.engineer.id
            )
            set_contract(task=task, criteria=[CriterionInput("command_exit", "passes", {"command": "true"})])
        Session.objects.create(digest=os.urandom(32), user=world.engineer, data="{}", expires_at=FAR)
        IdempotencyKey.objects.create(
            principal_id=world.engineer.id, route="/", key="key", fingerprint="0" * 64, expires_at=FAR
        )
    with world.as_("agent"):
        first, second, third = (attempt(world) for _ in range(3))
        hand_in_evidence(
            claim=first, source_type="test_result", title="true", content="ok", data={"command": "true", "exit_code": 0}
        )
        append_log(claim=first, offset=0, content=b"output")
        complete_execution(claim=first, result={"ok": True}, summary="done")
        approval = request_approval(claim=second, kind="question", question="May I?", action={"do": "it"})
        come_too_late(third)
    with tenant_context(world.tenant.id, actor=SYSTEM):
        respond_to_approval(
            approval=approval,
            principal=world.reviewer.principal(),
            action="approve",
            comment="yes",
            digest=approval.digest,
        )


def attempt(world: World) -> LeaseClaim:
    """Claim the next task and return what its worker shows with each write."""
    [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent)
    return LeaseClaim(world.agent_principal, claimed.execution.id, lease_token(claimed.execution.id))


def come_too_late(claim: LeaseClaim) -> None:
    """Hand in a result after the lease has run out; it lands in quarantine."""
    past = datetime.now(UTC) - timedelta(hours=1)
    Execution.objects.filter(id=claim.execution_id).update(lease_expires_at=past)
    try:
        complete_execution(claim=claim, result={}, summary="late")
    except LeaseLost:
        return
    raise AssertionError("a late result was accepted")


def rows_of(database: str, tenant_id: UUID) -> dict[str, str]:
    """Return a digest of each table's rows of one tenant, as the superuser sees them."""
    with psycopg.connect(owner_url(database)) as owner:
        tables = owner.execute(
            "SELECT tablename, CASE tablename WHEN 'accounts_tenant' THEN 'id' ELSE 'tenant_id' END FROM pg_policies"
            " GROUP BY 1 ORDER BY 1"
        ).fetchall()
        digests = {}
        for table, column in tables:
            row = owner.execute(
                sql.SQL(
                    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t WHERE {} = %s"
                ).format(sql.Identifier(table), sql.Identifier(column)),
                [tenant_id],
            ).fetchone()
            digests[table] = row[0] if row else ""
    return digests
