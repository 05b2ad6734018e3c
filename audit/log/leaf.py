"""The leaf of an event: the bytes that are hashed, exported and verified.

Version 1 is one line of JSON: `{"leaf":1,"id":"…",…}`, every column of `audit_event` in the order below, each as the
text that PostgreSQL writes for it, or null; no white space, no escapes but those JSON demands, UTF-8. `body` and
`changes` are texts in it: the stored bytes, not values that somebody writes again. `recorded_at` is in UTC, with
microseconds. So any change of any column is another leaf, and verifying needs no knowledge of the columns at all.

The place of an event is its index in the tree; the tenant is in the leaf and in the origin of the log. A column that is
added needs a new version here, and with it a new epoch (`Epoch.leaf_version`): old leaves stay what they were.
"""

import json
from collections.abc import Iterator

from django.db import connection

from common.tenancy import require_tenant_id

VERSION = 1
COLUMNS = {
    name: f"e.{name}::text"
    for name in (
        *("id", "tenant_id", "recorded_at", "db_user", "event_type", "schema_version", "action", "outcome"),
        *("audience", "concerns", "source", "actor_id", "actor_label", "on_behalf_of", "resource_type", "resource_id"),
        *("resource_label", "project_id", "task_id", "request_id", "trace_id", "reason", "service_name", "ip_address"),
        *("user_agent", "session_id", "error_message", "changes", "body"),
    )
}
COLUMNS["recorded_at"] = """to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def encode(values: dict[str, str | None]) -> bytes:
    """Return the leaf of an event whose columns are given as PostgreSQL writes them."""
    return json.dumps({"leaf": VERSION} | values, ensure_ascii=False, separators=(",", ":")).encode()


def leaves(*, after: int, upto: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield position and leaf of the running tenant's events behind `after`, in order; None where an event is gone."""
    columns = ", ".join(COLUMNS.values())
    statement = f"""SELECT p.pos, {columns} FROM audit_position p
        LEFT JOIN audit_event e ON e.tenant_id = p.tenant_id AND e.id = p.event_id
        WHERE p.tenant_id = %s AND p.pos > %s AND p.pos <= %s ORDER BY p.pos"""  # noqa: S608  # nosec B608 # columns of ours
    with connection.cursor() as cursor:
        cursor.execute(statement, [require_tenant_id(), after, upto])
        for pos, *values in cursor.fetchall():
            found = dict(zip(COLUMNS, values, strict=True))
            yield pos, encode(found) if found["id"] else None
