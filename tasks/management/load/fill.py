"""Filling one table: `INSERT … SELECT … FROM generate_series`, in batches, inside the tenant's context.

Nothing travels to the database but numbers, and row security checks each row as it checks any other
(docs/decisions/0008-sample-data.md: why there is no COPY).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.fields import NOT_PROVIDED

BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Fill:
    """`rows` rows of a table; `values` are SQL expressions by column, over the row's number `i` (from 0).

    Columns that are not named get the model's default.
    """

    title: str
    model: type[Model]
    rows: int
    values: Mapping[str, str]
    where: str = "true"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def statement(self) -> str:
        expressions = dict(self.values)
        for column in self.defaulted():
            expressions[str(column.column)] = f"%(default_{column.column})s::{column.db_type(connection)}"
        numbers = "generate_series(%(first)s::bigint, %(last)s::bigint) AS i"
        return (
            f"INSERT INTO {self.model._meta.db_table} ({', '.join(expressions)})"  # noqa: S608  # nosec B608 # all of it is ours
            f" SELECT {', '.join(expressions.values())} FROM {numbers} WHERE {self.where}"
        )

    def defaulted(self) -> list[Any]:
        """Return the columns that neither `values` nor the database fills."""
        return [
            column
            for column in self.model._meta.local_fields
            if column.column not in self.values and column.db_default is NOT_PROVIDED and not column.generated
        ]

    def defaults(self) -> dict[str, Any]:
        return {
            f"default_{column.column}": column.get_db_prep_save(column.get_default(), connection)
            for column in self.defaulted()
        }

    def run(self, first: int, last: int, parameters: Mapping[str, Any]) -> None:
        """Insert rows `first` to `last`, both included."""
        with connection.cursor() as cursor:
            given = self.defaults() | dict(parameters) | dict(self.parameters)
            cursor.execute(self.statement(), given | {"first": first, "last": last})


def pick(literals: list[str], salt: str) -> str:
    """Return an expression that chooses one of `literals` for row `i`, the same for the same seed."""
    array = ", ".join(f"'{literal}'" for literal in literals)
    return f"(ARRAY[{array}])[1 + {number(salt)} %% {len(literals)}]"


def number(salt: str) -> str:
    """Return an expression: a number from 0 to 2^31 - 1 that depends on the row, the seed and `salt`."""
    return f"(hashtextextended('{salt}' || i, %(seed)s) & 2147483647)"


def identifier(kind: str, row: str, *, rows: int) -> str:
    """Return an expression: the UUIDv7 of row number `row` among `rows` of a kind, spread over the sample's time."""
    digest = f"md5('{kind}' || %(seed)s || ':' || ({row}))"
    moment = f"(%(since)s + ({row})::bigint * %(span)s / {max(rows, 1)})"
    return f"(lpad(to_hex({moment}), 12, '0') || '7' || substr({digest}, 1, 3) || '8' || substr({digest}, 4, 15))::uuid"
