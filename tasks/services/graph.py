"""Parents and dependencies form no cycles. Who adds an edge holds the project's lock, so no two edges close one."""

from uuid import UUID

from django.db import connection

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('task-graph:' || %s, 0))"

# Row security keeps the walk inside the tenant; UNION ends it even where a cycle were there already.
REACHES_BY_DEPENDENCIES = """
WITH RECURSIVE needed (id) AS (
  SELECT %s::uuid
  UNION
  SELECT d.depends_on_id FROM tasks_taskdependency d JOIN needed ON d.task_id = needed.id WHERE d.kind = 'blocks')
SELECT EXISTS (SELECT 1 FROM needed WHERE id = %s)
"""
REACHES_BY_PARENTS = """
WITH RECURSIVE above (id) AS (
  SELECT %s::uuid
  UNION
  SELECT t.parent_id FROM tasks_task t JOIN above ON t.id = above.id WHERE t.parent_id IS NOT NULL)
SELECT EXISTS (SELECT 1 FROM above WHERE id = %s)
"""


def lock_graph(project_id: UUID) -> None:
    """Hold the project's graph until the transaction ends. Take it before any task's row."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(project_id)])


def needs(first: UUID, second: UUID) -> bool:
    """Whether `first` is, or must wait for, `second`."""
    return reaches(REACHES_BY_DEPENDENCIES, first, second)


def is_part_of(first: UUID, second: UUID) -> bool:
    """Whether `first` is, or is a part of, `second`."""
    return reaches(REACHES_BY_PARENTS, first, second)


def reaches(statement: str, first: UUID, second: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [first, second])
        return bool(cursor.fetchone()[0])
