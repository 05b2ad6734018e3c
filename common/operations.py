"""A migration operation that makes migrations of many models fast."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import AddConstraint, CreateModel
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState


class Together(Operation):
    """Run operations on two pictures of the models, the one before them all and the one after.

    Django draws the models anew after every operation, with all that are related; here everything is related through
    the tenant, so migrating an empty database took 37 s of processor time, and takes 3.5 s with this. Inside, each
    operation may rely on what stood before the block only: no field is changed twice, and raw SQL comes after it. A
    model that is created inside is created as it is at the end, with the fields, indexes and constraints that later
    operations of the block give it.
    """

    reversible = True
    reduces_to_sql = True
    elidable = False

    def __init__(self, *operations: Operation) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return self.__class__.__qualname__, self.operations, {}

    def state_forwards(self, app_label: str, state: "ProjectState") -> None:
        # Without drawn models nothing is drawn again; whoever asks next draws them once.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: Any, to_state: Any
    ) -> None:
        for operation in self.effective():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: Any, to_state: Any
    ) -> None:
        for operation in reversed(list(self.effective())):
            # Django takes a constraint off the model as it was before; that one has not the fields it speaks of.
            before = from_state if isinstance(operation, AddConstraint) else to_state
            operation.database_backwards(app_label, schema_editor, from_state, before)

    def effective(self) -> Iterator[Operation]:
        """Yield what the database must hear of: nothing more about a model that is created whole."""
        created: set[str] = set()
        for operation in self.operations:
            if isinstance(operation, CreateModel):
                created.add(operation.name_lower)
                yield operation
            elif getattr(operation, "model_name_lower", getattr(operation, "name_lower", "")) not in created:
                yield operation

    def describe(self) -> str:
        return f"{len(self.operations)} operations together"
