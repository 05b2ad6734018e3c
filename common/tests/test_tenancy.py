"""The context: the one way to reach tenant rows, closed everywhere else."""

import pytest
from django.db import Error, connection, transaction

from common import context
from common.context import SYSTEM
from common.tenancy import MissingTenantContextError, for_each_tenant, require_tenant_id, system_call, tenant_context
from common.tenancy.migrations import bare
from projects.models import Project
from tests.world import World


def test_outside_a_context_a_query_is_an_error_and_not_an_empty_answer(world: World) -> None:
    with pytest.raises(MissingTenantContextError, match="tenant_context"):
        Project.objects.exists()
    with pytest.raises(MissingTenantContextError):
        require_tenant_id()


def test_inside_a_context_only_its_tenant_is_seen(world: World, other_world: World) -> None:
    for own in (world, other_world):
        with own.as_("admin"):
            assert [project.id for project in Project.objects.all()] == [own.project.id]
            assert require_tenant_id() == own.tenant.id


def test_the_context_ends_with_its_block_also_after_an_error(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.as_("admin"):
        _ = 1 / 0
    with pytest.raises(MissingTenantContextError):
        Project.objects.exists()
    assert context.current().actor is None


def test_another_tenants_context_inside_one_is_an_error(world: World, other_world: World) -> None:
    with world.as_("admin"), pytest.raises(MissingTenantContextError, match="inside another"), other_world.as_("admin"):
        pass


def test_the_same_tenants_context_inside_one_changes_only_the_actor(world: World) -> None:
    with world.as_("admin"):
        with world.as_("viewer"):
            assert context.current().actor == world.viewer.actor
        assert context.current().actor == world.admin.actor
        assert Project.objects.exists()


def test_a_context_that_has_run_out_is_refused_by_the_database(world: World) -> None:
    with (
        pytest.raises(Error, match="context is not valid"),
        tenant_context(world.tenant.id, actor=SYSTEM, lifetime=-1),
        transaction.atomic(),
    ):
        Project.objects.exists()


def test_the_context_does_not_outlive_its_transaction(committed_world: World) -> None:
    with committed_world.as_("admin"):
        Project.objects.exists()
    connection.ensure_connection()
    [setting] = connection.connection.execute("SELECT current_setting('app.ctx', true)").fetchone()
    assert not setting


def test_every_tenant_is_visited_in_a_context_of_its_own(world: World, other_world: World) -> None:
    seen = {
        tenant: Project.objects.get().id
        for tenant in for_each_tenant()
        if tenant in {world.tenant.id, other_world.tenant.id}
    }
    assert seen == {world.tenant.id: world.project.id, other_world.tenant.id: other_world.project.id}
    with pytest.raises(MissingTenantContextError):
        require_tenant_id()


def test_an_allow_listed_function_answers_outside_a_context(world: World) -> None:
    assert {row["tenant_id"] for row in system_call("list_tenants")} >= {world.tenant.id}


@pytest.mark.parametrize(
    ("signature", "known_as"),
    [
        ("find(id uuid, n integer)", "find(uuid, integer)"),
        ("list_tenants()", "list_tenants()"),
        ("f(x double precision)", "f(double precision)"),
    ],
)
def test_a_signature_is_known_by_its_types(signature: str, known_as: str) -> None:
    assert bare(signature) == known_as
