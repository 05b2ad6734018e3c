"""One big tenant for all tests of a run; it takes minutes to fill."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.scale import bounds
from tests.scale.company import Company, company


@pytest.fixture(scope="session")
def big(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock(), company() as made:
        yield made


@pytest.fixture(scope="session")
def big_tables(big: Company) -> frozenset[str]:
    found = bounds.big_tables()
    assert {"tasks_task", "tasks_execution", "evidence_evidence", "evidence_artifact"} <= found
    assert {"agents_agent", "accounts_user"} <= found
    assert any(name.startswith("audit_event_") for name in found)
    return found
