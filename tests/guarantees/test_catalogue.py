"""G6: the catalogue says that tenants are apart, table by table."""

import os
from collections.abc import Callable, Iterable, Iterator

import psycopg
import pytest

from tests.guarantees import catalogue


@pytest.fixture(scope="module")
def owner(django_db_setup: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection


@pytest.mark.parametrize("check", catalogue.CHECKS, ids=lambda check: check.__name__)
def test_the_catalogue(owner: psycopg.Connection, check: Callable[[psycopg.Connection], Iterable[str]]) -> None:
    assert list(check(owner)) == []


def test_there_is_something_to_check(owner: psycopg.Connection) -> None:
    assert len(catalogue.tenant_tables(owner)) >= 20
    assert len(catalogue.foreign_keys(owner)) >= 40


def test_the_app_role_stays_out_of_pg_stat_activity(django_db_setup: None) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as app:
        assert app.execute("SHOW track_activities").fetchone() == ("off",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SET track_activities = on")
