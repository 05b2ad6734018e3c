"""Migration operations: what makes a table a tenant's table, and a function a system or a search function."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState


class ProtectTables(Operation):
    """Give each table row security, a tenant-first primary key, composite foreign keys and the app's grants.

    * FORCE row security with one policy for the app and the owner (`tenant_id = sec.tenant()`) and one for `cm_system`.
    * PRIMARY KEY (tenant_id, id): a row of another tenant cannot even be noticed through a duplicate id, and it is the
      target of the composite foreign keys.
    * FOREIGN KEY (tenant_id, x_id) for each `TenantForeignKey`: a row cannot point into another tenant.
    * `append_only`: INSERT and SELECT only, and a trigger that refuses the rest even to the owner.

    Put it after the `CreateModel` operations of the same migration.
    """

    reversible = True
    reduces_to_sql = True
    elidable = False

    def __init__(self, *models: str, append_only: bool = False, tenant_column: str = "tenant_id") -> None:
        self.models = models
        self.append_only = append_only
        self.tenant_column = tenant_column

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        options = {"append_only": self.append_only, "tenant_column": self.tenant_column}
        return self.__class__.__qualname__, self.models, options

    def state_forwards(self, app_label: str, state: "ProjectState") -> None:
        """Django's picture of the models does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: "ProjectState", to_state: Any
    ) -> None:
        models = [to_state.apps.get_model(app_label, name) for name in self.models]
        keys = [statement for model in models for statement in self._keys(model)]
        # Keys first: the tables may point at each other.
        for statement in [*keys, *(statement for model in models for statement in self._protection(model))]:
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: Any, to_state: "ProjectState"
    ) -> None:
        models = [from_state.apps.get_model(app_label, name) for name in self.models]
        for statement in [statement for model in models for statement in unprotect(model, self.tenant_column)]:
            schema_editor.execute(statement)
        for statement in [statement for model in models for statement in plain_key(model, self.tenant_column)]:
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"Protect {', '.join(self.models)} by tenant"

    def _keys(self, model: type[models.Model]) -> list[str]:
        return tenant_first_key(model._meta.db_table) if self.tenant_column == "tenant_id" else []

    def _protection(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        statements = row_security(table, self.tenant_column)
        if self.tenant_column == "tenant_id":
            statements += [composite_foreign_key(table, field) for field in tenant_foreign_keys(model)]
        return statements + (append_only_guard(table) if self.append_only else writable(table))


class ProtectReferences(Operation):
    """Make composite foreign keys of `TenantForeignKey` fields that were added to a table protected before.

    For example `ProtectReferences("Task", "phase", "group")`, after the `AddField` operations.
    """

    reversible = True
    reduces_to_sql = True
    elidable = False

    def __init__(self, model: str, *fields: str) -> None:
        self.model = model
        self.fields = fields

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.model, *self.fields], {}

    def state_forwards(self, app_label: str, state: "ProjectState") -> None:
        """Django's picture of the models does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: Any, to_state: "ProjectState"
    ) -> None:
        options = to_state.apps.get_model(app_label, self.model)._meta
        for name in self.fields:
            schema_editor.execute(composite_foreign_key(options.db_table, options.get_field(name)))

    def database_backwards(
        self, app_label: str, schema_editor: "BaseDatabaseSchemaEditor", from_state: "ProjectState", to_state: Any
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        for name in self.fields:
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{name}_fk")

    def describe(self) -> str:
        return f"Keep {', '.join(self.fields)} of {self.model} within the tenant"


def tenant_foreign_keys(model: type[models.Model]) -> list[Any]:
    """Return the fields of `model` that point at rows of the same tenant."""
    return [field for field in model._meta.local_fields if getattr(field, "is_tenant_reference", False)]


def tenant_first_key(table: str) -> list[str]:
    return [f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (tenant_id, id)"]


def composite_foreign_key(table: str, field: Any) -> str:
    target = field.remote_field.model._meta.db_table
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{field.name}_fk FOREIGN KEY (tenant_id, {field.column})"
        f" REFERENCES {target} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
    )


def row_security(table: str, column: str) -> list[str]:
    mine = f"{column} = (SELECT sec.tenant())"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_tenant ON {table} TO cm_app, cm_owner USING ({mine}) WITH CHECK ({mine})",
        f"CREATE POLICY {table}_system ON {table} TO cm_system USING (true) WITH CHECK (true)",
    ]


def append_only_guard(table: str) -> list[str]:
    """Refuse UPDATE, DELETE and TRUNCATE by privilege and by triggers that fire in replica mode too (ENABLE ALWAYS)."""
    return [
        f"GRANT SELECT, INSERT ON {table} TO cm_app",
        f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION sec.refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_immutable",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION sec.refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
    ]


def writable(table: str) -> list[str]:
    """Let the app write, and keep `updated_at` right for every writer, raw SQL included."""
    return [
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO cm_app",
        f"CREATE TRIGGER {table}_touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION sec.touch()",
    ]


def unprotect(model: type[models.Model], column: str) -> list[str]:
    """Undo the protection, so that Django can drop or change the table it made."""
    table = model._meta.db_table
    statements = [f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}" for name in ("touch", "immutable", "no_truncate")]
    statements += [f"DROP POLICY {table}_{name} ON {table}" for name in ("tenant", "system")]
    statements += [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]
    statements += [f"REVOKE ALL ON {table} FROM cm_app, cm_system"]
    if column == "tenant_id":
        names = [f"{table}_{field.name}_fk" for field in tenant_foreign_keys(model)]
        statements += [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in names]
    return statements


def plain_key(model: type[models.Model], column: str) -> list[str]:
    table = model._meta.db_table
    return [f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (id)"] if column == "tenant_id" else []


def system_function(signature: str, definition: str, *, grants: Sequence[str] = ()) -> RunSQL:
    """Create `sec.<signature>` as one of the allow-listed functions that look across tenants.

    It belongs to `cm_system`, runs with that role's rights whoever calls it (SECURITY DEFINER, pinned search path), and
    only the app may call it, with a signed pass as its last argument (`system_call` adds it): SQL injected into a
    tenant's transaction has none. `definition` is what follows the signature; `grants` are the table rights it needs.
    """
    name = bare(with_pass(signature))
    create = f"CREATE FUNCTION sec.{with_pass(signature)} {admitting(definition)}"
    statements: list[Any] = [f"GRANT {grant} TO cm_system" for grant in grants]
    statements += owned_by_system(name, create, callers="cm_app")
    return RunSQL(sql=statements, reverse_sql=[f"DROP FUNCTION sec.{name}"])


def redefined_function(signature: str, before: str, after: str) -> RunSQL:
    """Give a function that `system_function` made another definition: same name, same owner, same caller."""
    name = with_pass(signature)

    def again(definition: str) -> list[Any]:
        create = f"CREATE FUNCTION sec.{name} {admitting(definition)}"
        return [f"DROP FUNCTION sec.{bare(name)}", *owned_by_system(bare(name), create, callers="cm_app")]

    return RunSQL(sql=again(after), reverse_sql=again(before))


def search_function(
    signature: str, query: str, *, grants: Sequence[str], returns: str = "SETOF uuid", declare: str = ""
) -> RunSQL:
    """Create `sec.search_<…>`: `query` over the calling tenant's rows, with the indexes that row security hides.

    The policies of the app role keep the planner from using an index for an operator that is not leakproof: `@>`, `&&`,
    `@@`, `ILIKE`, `lower()`. This function runs as `cm_system`, so it must keep the tenants apart itself: `query` says
    `tenant_id = mine` for each table it reads, where `mine` is the tenant of the verified context; without a context
    nothing is found. It needs no pass: it answers each tenant from that tenant's rows only. Use no operator that can
    fail on a row's value: the error would tell of rows of others.

        search_function(
            "search_task_labels(wanted varchar[])",
            "SELECT id FROM public.tasks_task WHERE tenant_id = mine AND labels @> wanted",
            grants=["SELECT (tenant_id, id, labels) ON tasks_task"],
        )

    It returns ids (or what `returns` says) to be narrowed by right afterwards:
    `visible_to(principal).filter(id__in=…)`. Parameters have no defaults and no commas in their types; name them unlike
    the columns. An ArrayField of CharField is `varchar[]`. `declare` holds more variables, computed once per call. Each
    call is planned for its own values (`force_custom_plan`): a rare word and a frequent one deserve different plans.

    Raises `ValueError` for a name without `search_` or a query that does not say `tenant_id = mine`.
    """
    if not signature.startswith("search_") or "tenant_id = mine" not in query:
        raise ValueError(f"{signature}: a search function is named search_… and filters tenant_id = mine")
    create = (
        f"CREATE FUNCTION sec.{signature} RETURNS {returns} LANGUAGE plpgsql STABLE SECURITY DEFINER"
        " PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$\n"
        f"#variable_conflict use_column\nDECLARE\n  mine uuid := sec.tenant();\n{declare}\n"
        f"BEGIN\n  RETURN QUERY {query};\nEND\n$$"
    )
    statements: list[Any] = [f"GRANT {grant} TO cm_system" for grant in grants]
    statements += owned_by_system(bare(signature), create, callers="cm_app")
    return RunSQL(sql=statements, reverse_sql=[f"DROP FUNCTION sec.{bare(signature)}"])


def owned_by_system(signature: str, definition: str, *, callers: str = "") -> list[Any]:
    """Create a SECURITY DEFINER function with the rights of `cm_system`, for `callers` only."""
    return [
        "SET LOCAL ROLE cm_system",
        definition,
        f"REVOKE ALL ON FUNCTION sec.{signature} FROM PUBLIC",
        *([f"GRANT EXECUTE ON FUNCTION sec.{signature} TO {callers}"] if callers else []),
        "SET LOCAL ROLE cm_owner",
    ]


def with_pass(signature: str) -> str:
    """Return the signature with one more parameter: `find(id uuid)` becomes `find(id uuid, pass text)`."""
    name, _, rest = signature.partition("(")
    parameters = [part.strip() for part in rest.rstrip(")").split(",") if part.strip()]
    return f"{name}({', '.join([*parameters, 'pass text'])})"


def admitting(definition: str) -> str:
    """Return the definition with the check of the pass as its first statement."""
    is_sql = "LANGUAGE sql" in definition
    opening, check = ("AS $$", "SELECT sec.admit(pass);") if is_sql else ("BEGIN", "PERFORM sec.admit(pass);")
    before, _, after = definition.partition(opening)
    return f"{before}{opening}\n  {check}{after}"


def bare(signature: str) -> str:
    """Return the signature without parameter names: `find(id uuid, n integer)` is known as `find(uuid, integer)`."""
    name, _, rest = signature.partition("(")
    types = [part.strip().split(" ", 1)[-1] for part in rest.rstrip(")").split(",") if part.strip()]
    return f"{name}({', '.join(types)})"
