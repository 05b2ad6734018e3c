"""What every table has. Adding a model: inherit `TenantModel`, point with `TenantForeignKey`, end the migration with
`ProtectTables` (CONTRIBUTING.md, "Add a model").
"""

from typing import Any, ClassVar, TypeVar

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models.expressions import Func

from common.ids import uuid7
from common.tenancy import default_tenant_id


class UUID7Default(Func):
    """The database's own identifier, for rows that raw SQL inserts."""

    function = "sec.uuid7"
    output_field: ClassVar["models.Field[Any, Any]"] = models.UUIDField()


class ClockTimestamp(Func):
    """The database's clock now, not at the start of the transaction: what leases are judged by."""

    function = "clock_timestamp"
    output_field: ClassVar["models.Field[Any, Any]"] = models.DateTimeField()


SetType = TypeVar("SetType")
GetType = TypeVar("GetType")


class TenantForeignKey(models.ForeignKey[SetType, GetType]):
    """A reference to a row of the same tenant. `ProtectTables` makes it a composite foreign key in the database."""

    is_tenant_reference = True

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["db_constraint"]
        return name, path, args, kwargs


class TenantField(models.ForeignKey[SetType, GetType]):
    """The tenant a row belongs to: the running context's, set by itself."""

    def __init__(self, **kwargs: Any) -> None:
        fixed = {"to": "accounts.Tenant", "on_delete": models.PROTECT, "related_name": "+", "editable": False}
        super().__init__(**kwargs | fixed)

    def deconstruct(self) -> Any:
        name, path, _, _ = super().deconstruct()
        return name, path, [], {}

    def get_default(self) -> Any:
        return default_tenant_id()


class BaseModel(models.Model):
    """A UUIDv7 key, made in Python, with a database default for raw SQL."""

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=UUID7Default(), editable=False)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        abstract = True


class TenantRow(BaseModel):
    """A row of one tenant that is never changed: append-only tables."""

    tenant: "TenantField[Any, Any]" = TenantField()

    class Meta:
        abstract = True


class TenantModel(TenantRow):
    """A row of one tenant that may change; a trigger keeps `updated_at`."""

    updated_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        abstract = True


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """Return the CHECK that keeps `field` within the literals of `choices` (NULL passes)."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
