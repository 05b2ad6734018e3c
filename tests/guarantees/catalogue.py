"""What the database's own catalogue must say, so that no tenant can reach another. Each check returns its complaints.

The checks know the rule and a short list of exceptions, each with its reason. A new table passes by ending its
migration with `ProtectTables`; a new function that looks across tenants has to be written down here.
"""

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from django.apps import apps

from common.models import TenantRow
from common.tenancy.migrations import tenant_foreign_keys

Rows = list[tuple[Any, ...]]

# Our schemas; what extensions bring belongs to them and holds no rows of ours.
OURS = """n.nspname IN ('public', 'sec')
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""

# Definer functions and who may call them beside their owner. All but `tenant` answer only to a signed pass of the
# application, or cannot be called by the app role at all.
DEFINER_FUNCTIONS = {
    "sec.verified(text)": set[str](),
    "sec.admit(text)": set[str](),
    "sec.tenant()": {"cm_app", "cm_owner"},
    "sec.enqueue_event()": {"cm_owner"},
    "sec.make_partitions(integer)": {"cm_system"},
    "sec.ensure_partitions(integer,text)": {"cm_app"},
    "sec.find_identity(text,text,text)": {"cm_app"},
    "sec.find_login(text,text)": {"cm_app"},
    "sec.find_session(bytea,text)": {"cm_app"},
    "sec.find_token(bytea,text)": {"cm_app"},
    "sec.list_tenants(text)": {"cm_app"},
    "sec.log_gauges(text)": {"cm_app"},
    "sec.place_events(integer,text)": {"cm_app"},
    "sec.purge_quarantined_writes(uuid,timestamp with time zone,integer,text)": {"cm_app"},
    "sec.purge_run_logs(uuid,timestamp with time zone,integer,text)": {"cm_app"},
    "sec.tenants_with_due_deliveries(integer,text)": {"cm_app"},
    "sec.tenants_with_due_work(text)": {"cm_app"},
    "sec.tenants_with_letters(timestamp with time zone,text)": {"cm_app"},
    "sec.unsealed_tenants(text)": {"cm_app"},
    "sec.work_gauges(text)": {"cm_app"},
}

# Definer functions that need no pass: each answers a tenant from that tenant's own rows (`search_function`).
SEARCH_FUNCTIONS = {
    "sec.search_agent_capabilities(character varying[])",
    "sec.search_agent_tags(character varying[])",
    "sec.search_artifacts(uuid,text,text,integer)",
    "sec.search_evidence_tags(character varying[],boolean)",
    "sec.search_task_labels(character varying[],boolean)",
}

# Unique over all tenants, and why that tells an outsider nothing worth having.
GLOBAL_UNIQUES = {
    "accounts_tenant_pkey": "the tenant itself: random identifiers",
    "accounts_tenant_slug": "a name in addresses, public by nature; only administrators of the platform make tenants",
    "accounts_user_email_key": "sign-in knows nobody's tenant; every answer about an address is the same",
    "accounts_session_digest": "digest of a random key",
    "accounts_apitoken_digest": "digest of a random key",
    "audit_pending_pkey": "a counter of the outbox, which the app role may not touch",
}

# Tables of Django that hold no tenant's rows, and what the app role may do there.
SHARED_TABLES = {
    "django_content_type": {"SELECT"},
    "django_migrations": {"SELECT"},
    "auth_permission": set[str](),
    "auth_group": set[str](),
    "auth_group_permissions": set[str](),
}


def query(connection: psycopg.Connection, statement: str, *parameters: Any) -> Rows:
    return connection.execute(statement, parameters or None).fetchall()


def tables(connection: psycopg.Connection) -> Rows:
    """Every table of ours: name, whether it has a tenant column, row security on, forced, is it a partition."""
    return query(
        connection,
        f"""SELECT c.relname,
                   EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'),
                   c.relrowsecurity, c.relforcerowsecurity, c.relispartition
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND {OURS} ORDER BY 1""",  # noqa: S608
    )


def tenant_tables(connection: psycopg.Connection) -> list[str]:
    """The tables that tenants share, the table of tenants included, partitions not."""
    return [
        name
        for name, has_tenant, *_, is_partition in tables(connection)
        if (has_tenant or name == "accounts_tenant") and not is_partition
    ]


def every_table_is_known(connection: psycopg.Connection) -> Iterable[str]:
    for name, has_tenant, *_ in tables(connection):
        if not has_tenant and name != "accounts_tenant" and name not in SHARED_TABLES:
            yield f"{name} has no tenant_id and is not a known shared table"
    for model in apps.get_models():
        if issubclass(model, TenantRow) and model._meta.db_table not in tenant_tables(connection):
            yield f"{model.__name__} has a tenant, its table has not"


def row_security_is_forced(connection: psycopg.Connection) -> Iterable[str]:
    for name, has_tenant, enabled, forced, _ in tables(connection):
        if (has_tenant or name == "accounts_tenant") and not (enabled and forced):
            yield f"{name}: row security enabled={enabled} forced={forced}"


def policies_are_the_usual(connection: psycopg.Connection) -> Iterable[str]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for table, *policy in query(
        connection,
        "SELECT tablename, permissive, array_to_string(roles, ','), cmd, qual, with_check FROM pg_policies",
    ):
        found.setdefault(table, set()).add(tuple(policy))
    for table in tenant_tables(connection):
        column = "id" if table == "accounts_tenant" else "tenant_id"
        mine = f"({column} = ( SELECT sec.tenant() AS tenant))"
        usual = {
            ("PERMISSIVE", "cm_app,cm_owner", "ALL", mine, mine),
            ("PERMISSIVE", "cm_system", "ALL", "true", "true"),
        }
        if found.get(table, set()) != usual:
            yield f"{table}: policies are {sorted(map(str, found.get(table, set())))}"


def keys_start_with_the_tenant(connection: psycopg.Connection) -> Iterable[str]:
    for table, index, columns, is_primary in query(
        connection,
        """SELECT c.relname, i.indexrelid::regclass::text,
                  ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k),
                  i.indisprimary
           FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE i.indisunique AND n.nspname = 'public' ORDER BY 1, 2""",
    ):
        if table in SHARED_TABLES or index in GLOBAL_UNIQUES:
            continue
        if columns[0] != "tenant_id":
            yield f"{index} on {table} is unique over all tenants: {columns}"
        if is_primary and columns not in (["tenant_id", "id"], ["tenant_id", "pos"]):
            yield f"{table}: primary key {columns}"


def foreign_keys_carry_the_tenant(connection: psycopg.Connection) -> Iterable[str]:
    protected = set(tenant_tables(connection))
    for table, target, name, columns, target_columns in foreign_keys(connection):
        if not {table, target} <= protected:
            if {table, target} & protected:
                yield f"{name}: {table} and {target} are not both tenant tables"
        elif target == "accounts_tenant":
            if columns != ["tenant_id"]:
                yield f"{name}: {columns} points at the tenant"
        elif columns[0] != "tenant_id" or target_columns != ["tenant_id", "id"]:
            yield f"{name}: {table}{columns} -> {target}{target_columns}"


def foreign_keys(connection: psycopg.Connection) -> Rows:
    columns = """ARRAY(SELECT a.attname::text FROM unnest({0}key) WITH ORDINALITY k(attnum, place)
                       JOIN pg_attribute a ON a.attrelid = {0}relid AND a.attnum = k.attnum ORDER BY k.place)"""
    return query(
        connection,
        f"""SELECT conrelid::regclass::text, confrelid::regclass::text, conname,
                   {columns.format("con")}, {columns.format("conf")}
            FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 3""",  # noqa: S608
    )


def every_reference_has_its_constraint(connection: psycopg.Connection) -> Iterable[str]:
    made = {(table, tuple(columns), target) for table, target, _, columns, _ in foreign_keys(connection)}
    for model in apps.get_models():
        for field in tenant_foreign_keys(model):
            wanted = (model._meta.db_table, ("tenant_id", field.column), field.remote_field.model._meta.db_table)
            if wanted not in made:
                yield f"{model.__name__}.{field.name} has no composite foreign key"


def the_app_role_is_weak(connection: psycopg.Connection) -> Iterable[str]:
    for attribute, value in query(
        connection,
        """SELECT key, value FROM pg_roles r, jsonb_each_text(to_jsonb(r)) WHERE rolname = 'cm_app'
           AND key IN ('rolsuper', 'rolbypassrls', 'rolcreatedb', 'rolcreaterole', 'rolreplication')""",
    ):
        if value != "false":
            yield f"cm_app has {attribute}"
    for (role,) in query(
        connection, "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'cm_app'::regrole"
    ):
        yield f"cm_app is a member of {role}"
    [(temporary, create_database, create_public, create_sec)] = query(
        connection,
        """SELECT has_database_privilege('cm_app', current_database(), 'TEMP'),
                  has_database_privilege('cm_app', current_database(), 'CREATE'),
                  has_schema_privilege('cm_app', 'public', 'CREATE'),
                  has_schema_privilege('cm_app', 'sec', 'CREATE')""",
    )
    if temporary or create_database or create_public or create_sec:
        yield "cm_app may create tables, temporary tables or schemas"
    for kind, name in query(
        connection,
        """SELECT 'table', oid::regclass::text FROM pg_class WHERE relowner = 'cm_app'::regrole
           UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE proowner = 'cm_app'::regrole
           UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspowner = 'cm_app'::regrole""",
    ):
        yield f"cm_app owns the {kind} {name}"
    settings = query(connection, "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = 'cm_app'")
    if ("track_activities=off",) not in settings:
        yield "cm_app's statements show in pg_stat_activity"


def the_owner_obeys_too(connection: psycopg.Connection) -> Iterable[str]:
    """Policies hold for members of their role: the owner may become `cm_system`, but must not have its rights."""
    [(inherits, bypasses)] = query(
        connection,
        """SELECT pg_has_role('cm_owner', 'cm_system', 'USAGE'), bool_or(rolsuper OR rolbypassrls)
           FROM pg_roles WHERE rolname IN ('cm_owner', 'cm_system')""",
    )
    if inherits:
        yield "cm_owner inherits cm_system, so the system policies hold for it and FORCE is empty"
    if bypasses:
        yield "cm_owner or cm_system bypasses row security"


def definer_functions_are_the_known(connection: psycopg.Connection) -> Iterable[str]:
    known = DEFINER_FUNCTIONS | {name: {"cm_app"} for name in SEARCH_FUNCTIONS}
    for name, owner, settings, callers, source in query(
        connection,
        """SELECT replace(oid::regprocedure::text, ', ', ','), proowner::regrole::text, proconfig, callers, prosrc
           FROM pg_proc, LATERAL (SELECT ARRAY(
             SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
             FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee <> proowner
           ) AS callers) acl
           WHERE prosecdef""",
    ):
        if set(callers) != known.pop(name, None):
            yield f"{name} is not known, or its callers are not: {callers}"
        if not settings or not settings[0].startswith("search_path=pg_catalog,") or "pg_temp" not in settings[0]:
            yield f"{name} has no pinned search path: {settings}"
        if owner != ("cm_owner" if name.startswith("sec.make_partitions") else "cm_system"):
            yield f"{name} belongs to {owner}"
        if name in SEARCH_FUNCTIONS:
            yield from search_keeps_to_its_tenant(name, source)
        elif "cm_app" in callers and name != "sec.tenant()" and "sec.admit(pass);" not in source[:80]:
            yield f"{name} answers without a pass"
    yield from (f"{name} is missing" for name in known)


def search_keeps_to_its_tenant(name: str, source: str) -> Iterable[str]:
    """One filter by the tenant of the verified context for each table it reads, and no other writer of `mine`."""
    tables_read = source.count("public.")
    if source.count("mine uuid := sec.tenant();") != 1 or source.count("mine :=") or not tables_read:
        yield f"{name} does not take the tenant from the context"
    if source.count("tenant_id = mine") != tables_read:
        yield f"{name} reads {tables_read} tables and filters {source.count('tenant_id = mine')} by tenant"


def views_ask_as_the_caller(connection: psycopg.Connection) -> Iterable[str]:
    for name, kind, options in query(
        connection,
        f"""SELECT c.relname, c.relkind, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('v', 'm', 'f') AND {OURS}""",  # noqa: S608
    ):
        if kind != "v" or "security_invoker=true" not in (options or []):
            yield f"{name} (kind {kind}) reads with its owner's rights"


def grants_are_few(connection: psycopg.Connection) -> Iterable[str]:
    """No rights for everybody, none on partitions, none to skip row security (TRUNCATE, REFERENCES, TRIGGER)."""
    allowed = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    partitions = {name for name, *_, is_partition in tables(connection) if is_partition}
    for name, role, privilege in query(
        connection,
        f"""SELECT c.relname, CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.privilege_type
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) g
            WHERE g.grantee <> c.relowner AND {OURS}""",  # noqa: S608
    ):
        if role == "PUBLIC" or name in partitions or privilege not in SHARED_TABLES.get(name, allowed):
            yield f"{role} has {privilege} on {name}"
        if role == "cm_app" and name in ("context_key", "audit_pending"):
            yield f"cm_app has {privilege} on {name}"
        if role == "cm_app" and name in ("audit_event", "audit_position") and privilege in {"UPDATE", "DELETE"}:
            yield f"cm_app may {privilege} {name}"


CHECKS: tuple[Callable[[psycopg.Connection], Iterable[str]], ...] = (
    every_table_is_known,
    row_security_is_forced,
    policies_are_the_usual,
    keys_start_with_the_tenant,
    foreign_keys_carry_the_tenant,
    every_reference_has_its_constraint,
    the_app_role_is_weak,
    the_owner_obeys_too,
    definer_functions_are_the_known,
    views_ask_as_the_caller,
    grants_are_few,
)


def complaints(connection: psycopg.Connection) -> list[str]:
    """Return everything the catalogue says against the isolation of tenants."""
    return [complaint for check in CHECKS for complaint in check(connection)]
