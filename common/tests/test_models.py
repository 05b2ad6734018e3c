"""What every table has, whoever writes to it."""

import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db.models import CheckConstraint, Model, Q

from common.models import QueryIndex, TenantModel, TenantRow
from tests.work import sql
from tests.world import World

OURS = ("common", "audit", "accounts", "projects", "agents", "evidence", "tasks")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
ENUMS = [(model, field) for model in MODELS for field in model._meta.local_fields if field.choices]


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[psycopg.Connection[Any]]:
    """A connection that may make temporary tables; nothing of it is kept."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def literals(field: Any) -> list[str]:
    return [str(value) for value, _ in field.flatchoices]


def check_of(model: type[Model], field: Any) -> str:
    """Return the name of the CHECK that keeps a field within its literals."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.condition == Q(
            **{f"{field.name}__in": literals(field)}
        ):
            return constraint.name
    raise AssertionError(f"{model.__name__}.{field.name} has choices and no CHECK: add common.models.one_of")


def copy_with_one_check(owner: psycopg.Connection[Any], model: type[Model], check: str) -> None:
    """Make an empty twin of the table that asks for nothing but this CHECK."""
    table = model._meta.db_table
    owner.execute(f"CREATE TEMPORARY TABLE twin (LIKE {table} INCLUDING CONSTRAINTS) ON COMMIT DROP")
    for column, nullable in owner.execute(
        "SELECT attname, NOT attnotnull FROM pg_attribute WHERE attrelid = 'twin'::regclass AND attnum > 0"
    ).fetchall():
        if not nullable:
            owner.execute(f'ALTER TABLE twin ALTER "{column}" DROP NOT NULL')
    names = owner.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'twin'::regclass AND contype = 'c'"
    ).fetchall()
    assert (check,) in names
    for (name,) in names:
        if name != check:
            owner.execute(f'ALTER TABLE twin DROP CONSTRAINT "{name}"')


@pytest.mark.parametrize(
    ("model", "field"), ENUMS, ids=lambda item: getattr(item, "__name__", getattr(item, "name", ""))
)
def test_the_database_knows_the_literals_of_every_enum(
    owner: psycopg.Connection[Any], model: type[Model], field: Any
) -> None:
    copy_with_one_check(owner, model, check_of(model, field))
    insert = f'INSERT INTO twin ("{field.column}") VALUES (%s)'  # noqa: S608  # a column of ours
    for literal in [*literals(field), None]:
        owner.execute(insert, [literal])
    for literal in ("odd", "", literals(field)[0].upper()):
        with pytest.raises(psycopg.errors.CheckViolation), owner.transaction():
            owner.execute(insert, [literal])


def test_there_are_enums_to_look_at() -> None:
    assert len(ENUMS) >= 20


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_table_has_a_default_identifier_and_times_for_raw_sql(owner: psycopg.Connection[Any], model: Any) -> None:
    if not issubclass(model, TenantRow):
        return
    defaults = dict(
        owner.execute(
            "SELECT column_name, column_default FROM information_schema.columns WHERE table_name = %s",
            [model._meta.db_table],
        ).fetchall()
    )
    assert "uuid7" in defaults["id"]
    assert defaults["created_at"]
    [(guards,)] = owner.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname ~ '_(touch|immutable)$'",
        [model._meta.db_table],
    ).fetchall()
    assert guards == 1
    assert ("updated_at" in defaults) is issubclass(model, TenantModel)


def test_raw_sql_needs_neither_identifier_nor_times(world: World) -> None:
    statement = "INSERT INTO projects_plan (tenant_id, project_id, name, goal) VALUES (%s, %s, %s, '')"
    returning = f"{statement} RETURNING id, created_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP"
    [first] = sql(world, returning, world.tenant.id, world.project.id, "first")
    [second] = sql(world, returning, world.tenant.id, world.project.id, "second")
    assert first[1:] == second[1:] == (True, True)
    assert isinstance(first[0], UUID)
    assert {first[0].version, second[0].version} == {7}
    assert first[0].int >> 80 <= second[0].int >> 80


def test_updated_at_moves_whoever_writes_and_cannot_be_set(world: World) -> None:
    moved = (
        "UPDATE projects_project SET name = %s, updated_at = '1999-01-01' RETURNING updated_at, updated_at > created_at"
    )
    [[first, later]] = sql(world, moved, "raw")
    [[second, _]] = sql(world, moved, "raw again")
    assert later
    assert second > first


def test_a_row_made_outside_a_context_cannot_be_saved(world: World) -> None:
    stray = type(world.project)(key="STR", name="Stray", slug="stray")
    with world.as_("admin"), pytest.raises(Exception, match="row-level security"):
        stray.save(force_insert=True)


INDEXES = [(model, index) for model in MODELS for index in model._meta.indexes]


@pytest.mark.parametrize(("model", "index"), INDEXES, ids=[index.name for _, index in INDEXES])
def test_an_index_says_which_query_it_serves(model: type[Model], index: Any) -> None:
    assert isinstance(index, QueryIndex)
    assert len(index.serves.split()) >= 3
