"""What every table has. Adding a model: inherit `TenantModel`, point with `TenantForeignKey`, end the migration with
`ProtectTables` (CONTRIBUTING.md, "Add a model").
"""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import GinIndex
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
        # No index of its own: the primary key (tenant_id, id) begins with it.
        fixed = {"to": "accounts.Tenant", "on_delete": models.PROTECT, "related_name": "+", "editable": False}
        super().__init__(**kwargs | fixed | {"db_index": False})

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


class SoftDeleteModel(TenantModel):
    """A row that is taken out of use and kept: the log and old references still find it.

    A child names two managers, `objects` (in use) first, and makes its uniques partial (`condition=IN_USE`):

        objects = InUse.from_queryset(TaskQuerySet)()
        all_objects = TaskQuerySet.as_manager()
    """

    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True
        # Following a reference to a deleted row finds it.
        base_manager_name = "all_objects"


IN_USE = models.Q(deleted_at__isnull=True)


Row = TypeVar("Row", bound=models.Model, covariant=True)


class InUse(models.Manager[Row]):
    """Rows that nobody has deleted."""

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().filter(IN_USE)


class OneOf(Func):
    """Whether a value is in an array: `filter(OneOf("id", array))`.

    An array is computed once, and the rows are fetched by key; a subquery of `IN` the planner may join any way round.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field: ClassVar["models.Field[Any, Any]"] = models.BooleanField()


def found(function: str, *given: Any) -> OneOf:
    """Return the condition that a search function returns the row's id: `filter(found("sec.search_…", Value(…)))`."""
    ids = Func(*given, function=function, template="ARRAY(SELECT %(function)s(%(expressions)s))")
    ids.output_field = ArrayField(models.UUIDField())
    return OneOf("id", ids)


class QueryIndex(models.Index):
    """An index that says which query it serves. `docs/SCHEMA.md` prints it; a test refuses an index without it.

    To migrations it is Django's own index: they need not know what it is for.
    """

    plain: ClassVar[type[models.Index]] = models.Index

    def __init__(self, *expressions: Any, serves: str, **options: Any) -> None:
        self.serves = serves
        super().__init__(*expressions, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.plain) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]  # like Django's own

    def deconstruct(self) -> Any:
        _, expressions, options = super().deconstruct()
        module = self.plain.__module__.replace("django.db.models.indexes", "django.db.models")
        return f"{module}.{self.plain.__qualname__}", expressions, options

    def clone(self) -> Self:
        _, expressions, options = self.deconstruct()
        return self.__class__(*expressions, serves=self.serves, **options)


class GinQueryIndex(QueryIndex, GinIndex):
    """The same for documents and arrays. Row security hides it from the app: a definer search function uses it."""

    plain = GinIndex


def one_of(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """Return the CHECK that keeps `field` within the literals of `choices` (NULL passes)."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
