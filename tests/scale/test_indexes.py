"""Each index of a big table is what the planner takes for the query that it serves, as the app's role sees the table.

Row security hides an index from operators that may leak, and a neighbour with the same beginning may make one needless:
both show here. The indexes of search functions are in `test_search.py`. Tables with few rows are read through whatever
indexes they have, so for theirs nothing can be shown this way.
"""

import os
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import models

from common.models import GinQueryIndex
from tests.scale.company import Company
from tests.scale.plans import watching
from tests.scale.questions import NOBODY

pytestmark = [pytest.mark.scale, pytest.mark.django_db]

MODELS = ("accounts.User", "agents.Agent", "audit.Event", "evidence.Artifact", "evidence.Evidence", "tasks.Execution")
INDEXES = [
    pytest.param(model, index, id=index.name)
    for model in map(apps.get_model, (*MODELS, "tasks.Task"))
    for index in model._meta.indexes
    if not isinstance(index, GinQueryIndex) and index.fields
]
# Index: why the planner rightly takes another one here.
OTHERS: dict[str, str] = {
    "accounts_user_github_user": "signing in asks over all tenants, as cm_system; within one the unique key is as good",
    "tasks_execution_expired": "the reaper asks over all tenants, as cm_system; here few attempts run at all",
}


@pytest.mark.parametrize(("model", "index"), INDEXES)
def test_an_index_is_taken_for_its_query(big: Company, model: type[models.Model], index: Any) -> None:
    if index.name in OTHERS:
        pytest.skip(OTHERS[index.name])
    with big.as_("admin"), watching(analyze=False) as watch:
        list(query_of(model, index)[:51].values("pk"))
    assert index.name in {parent_of(name) for plan in watch.plans for name in plan.indexes}


def query_of(model: type[models.Model], index: Any) -> Any:
    """Return the query that an index is shaped for: its condition, values for what is compared, the rest as order."""
    rows = model._base_manager.filter(index.condition) if index.condition else model._base_manager.all()
    names = [name for name, _ in index.fields_orders if name not in {"tenant", "tenant_id"}]
    ordered = [name for name in names if name == "id" or is_a_measure(model, name)]
    compared = [name for name in names if name not in ordered]
    order = [("-" if direction else "") + name for name, direction in index.fields_orders if name in ordered]
    rows = rows.filter(**{name: value_of(model, name) for name in compared}).order_by(*order)
    # A measure is asked for by its span, as reports and sweeps do: here the last of it.
    return rows.filter(**{f"{ordered[0]}__gt": last(rows, ordered[0])}) if ordered[:1] not in ([], ["id"]) else rows


def is_a_measure(model: type[models.Model], name: str) -> bool:
    kinds = (models.DateTimeField, models.DateField, models.FloatField, models.DecimalField, models.IntegerField)
    return isinstance(kind_of(model, name), kinds)


def kind_of(model: type[models.Model], name: str) -> Any:
    """Return the field, of a generated column the one of its values."""
    field: Any = model._meta.get_field(name)
    return field.output_field if isinstance(field, models.GeneratedField) else field


def value_of(model: type[models.Model], name: str) -> Any:
    """Return a value that few rows have: an id that nothing has, a choice, a word."""
    field = kind_of(model, name)
    if isinstance(field, models.ForeignKey | models.UUIDField):
        return NOBODY
    if isinstance(field, models.BooleanField):
        return True
    return field.choices[-1][0] if getattr(field, "choices", None) else "nothing-like-it"


def last(rows: Any, name: str) -> Any:
    found = rows.order_by(f"-{name}").values_list(name, flat=True).first()
    return found if found is not None else 0 if "date" not in name and "_at" not in name else "2040-01-01T00:00:00Z"


def parent_of(index: str) -> str:
    """Return the name of the index that a partition's index is a part of."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        row = owner.execute(
            "SELECT p.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " JOIN pg_class p ON p.oid = i.inhparent WHERE c.relname = %s",
            [index],
        ).fetchone()
    return row[0] if row else index
