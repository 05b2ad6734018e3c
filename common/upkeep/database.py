"""What a PostgreSQL server and our database in it must be. Each check reads the catalogue only."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection

from common.health.checks import FEWEST_MONTHS_AHEAD, known_migrations
from common.tenancy import system_call
from common.tenancy.guard import unguarded
from common.tenancy.setup import APP, EXTENSIONS, OWNER, SYSTEM_ROLE
from common.upkeep.complaints import SET_UP, Complaint

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]

OLDEST = 15
MIGRATE = "run: manage.py migrate --database owner"
# Tables that hold a tenant's rows, and the log's partitions, whose policies are their parent's.
TENANT_TABLES = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
       (SELECT array_agg(concat_ws(' ', array_to_string(p.roles, ','), p.cmd, p.permissive, p.qual, p.with_check)
                         ORDER BY p.policyname)
        FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'accounts_tenant' OR EXISTS (
  SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
ORDER BY 1
"""
# The log and its partitions with the triggers that guard them; 'A' is ENABLE ALWAYS, which no session can switch off.
LOG_TRIGGERS = """
SELECT c.relname, c.relispartition,
       ARRAY(SELECT t.tgname::text FROM pg_trigger t
             WHERE t.tgrelid = c.oid AND t.tgenabled = 'A' AND NOT t.tgisinternal)
FROM pg_class c WHERE c.oid = 'public.audit_event'::regclass
   OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'public.audit_event'::regclass)
ORDER BY 1
"""
LOG_RIGHTS = """
SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) privilege
WHERE has_table_privilege('cm_app', 'public.audit_event', privilege)
"""
ROLES = """
SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
FROM pg_roles WHERE rolname IN ('cm_app', 'cm_owner', 'cm_system')
"""
TOO_MUCH = ("SUPERUSER", "BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION")
GUARDS = ("audit_event_stamp", "audit_event_enqueue", "audit_event_immutable", "audit_event_no_truncate")
ON_PARTITIONS = ("audit_event_stamp", "audit_event_enqueue", "audit_event_immutable")


def ask(statement: str) -> Rows:
    """Ask on the application's own connection."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def version(ask: Ask = ask) -> Iterator[Complaint]:
    [(number,)] = ask("SELECT current_setting('server_version_num')::integer")
    if number < OLDEST * 10000:
        yield Complaint(f"PostgreSQL is version {number // 10000}", f"use a server of version {OLDEST} or newer")


def extensions(ask: Ask = ask) -> Iterator[Complaint]:
    present = {name for (name,) in ask("SELECT extname FROM pg_extension")}
    for name in EXTENSIONS:
        if name not in present:
            yield Complaint(
                f"the extension {name} is missing", f"install it on the server (pgvector/pgvector:pg17), then {SET_UP}"
            )


def roles(ask: Ask = ask) -> Iterator[Complaint]:
    """No role of ours is more than it must be: else row security is a decoration."""
    found = {name: dict(zip(TOO_MUCH, values, strict=True)) for name, *values in ask(ROLES)}
    for role in (APP, OWNER, SYSTEM_ROLE):
        for word, given in found.get(role, {}).items():
            if given:
                yield Complaint(f"the role {role} has {word}", f"ALTER ROLE {role} NO{word}, or {SET_UP}")
        if role not in found:
            yield Complaint(f"the role {role} is missing", SET_UP)
    if {APP, OWNER, SYSTEM_ROLE} <= found.keys():
        yield from memberships(ask)


def memberships(ask: Ask) -> Iterator[Complaint]:
    for (role,) in ask("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'cm_app'::regrole"):
        yield Complaint(f"{APP} is a member of {role}", f"REVOKE {role} FROM {APP}")
    [(inherits,)] = ask("SELECT pg_has_role('cm_owner', 'cm_system', 'USAGE')")
    if inherits:
        yield Complaint(f"{OWNER} acts with the rights of {SYSTEM_ROLE}", f"ALTER ROLE {OWNER} NOINHERIT, or {SET_UP}")
    [(owned,)] = ask("SELECT count(*) FROM pg_class WHERE relowner = 'cm_app'::regrole")
    if owned:
        yield Complaint(f"{APP} owns tables", f"ALTER TABLE … OWNER TO {OWNER}")


def login(ask: Ask = ask) -> Iterator[Complaint]:
    """The product itself must sign in as the weak role."""
    [(user,)] = ask("SELECT session_user::text")
    if user != APP:
        yield Complaint(f"DATABASE_URL signs in as {user}", f"set DATABASE_URL to a login as {APP}")


def row_security(ask: Ask = ask) -> Iterator[Complaint]:
    tables = ask(TENANT_TABLES)
    if not tables:
        yield Complaint("there are no tables", MIGRATE)
    for table, enabled, forced, is_partition, policies in tables:
        remedy = f"migrate {table.partition('_')[0]} anew, or apply common.tenancy.migrations.ProtectTables"
        if not (enabled and forced):
            yield Complaint(f"row security of {table} is {'not forced' if enabled else 'off'}", remedy)
        if not is_partition and list(policies or ()) != usual_policies(table):
            yield Complaint(f"the policies of {table} are not those of a tenant's table", remedy)


def usual_policies(table: str) -> list[str]:
    """Return the two policies of each table, as the catalogue tells them: by the name of the policy."""
    mine = f"({'id' if table == 'accounts_tenant' else 'tenant_id'} = ( SELECT sec.tenant() AS tenant))"
    return ["cm_system ALL PERMISSIVE true true", f"cm_app,cm_owner ALL PERMISSIVE {mine} {mine}"]


def log_is_guarded(ask: Ask = ask) -> Iterator[Complaint]:
    for table, is_partition, triggers in ask(LOG_TRIGGERS):
        wanted: Iterable[str] = (*ON_PARTITIONS, f"{table}_no_truncate") if is_partition else GUARDS
        for trigger in wanted:
            if trigger not in triggers:
                remedy = f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}; if it is gone, restore a backup"
                yield Complaint(f"{table} lacks its trigger {trigger}, or it can be switched off", remedy)
    for (privilege,) in ask(LOG_RIGHTS):
        yield Complaint(f"{APP} may {privilege} the log", f"REVOKE {privilege} ON audit_event FROM {APP}")


def migrations(ask: Ask = ask) -> Iterator[Complaint]:
    applied = {(app, name) for app, name in ask("SELECT app, name FROM django_migrations")}
    missing = sorted(known_migrations() - applied)
    if missing:
        names = ", ".join(".".join(one) for one in missing[:3]) + (" …" if len(missing) > 3 else "")
        yield Complaint(f"{len(missing)} migrations are not applied: {names}", MIGRATE)


def partitions(ask: Ask = ask) -> Iterator[Complaint]:
    [gauges] = system_call("log_gauges")
    if gauges["months_ahead"] < FEWEST_MONTHS_AHEAD:
        remedy = "let beat and a worker of the queue audit run, or restart the relay"
        yield Complaint(f"the log has partitions for {gauges['months_ahead']} months ahead", remedy)


def context_key(ask: Ask = ask) -> Iterator[Complaint]:
    """The database must verify what this process signs."""
    try:
        system_call("list_tenants")
    except Exception as error:
        remedy = "use the CONTEXT_KEY that the database knows, or give it this one: manage.py setup_database"
        yield Complaint(f"the database refuses our signature ({type(error).__name__})", remedy)
