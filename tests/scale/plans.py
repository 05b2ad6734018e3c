"""What PostgreSQL does for the statements of the product: each is explained as it runs, by the app's own role."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

SCAN = re.compile(r"\bScan$")
EXPLAINED = re.compile(r"\s*(SELECT|WITH)\b.*\b(FROM|UPDATE)\s+(\"|public\.|sec\.search_)", re.S | re.I)


@dataclass(frozen=True, slots=True)
class Scan:
    """One node that reads a table or a function: `read` counts the rows it looked at, kept or not."""

    kind: str
    relation: str
    index: str
    read: float


@dataclass(frozen=True, slots=True)
class Plan:
    statement: str
    tree: dict[str, Any]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        found, waiting = [], [self.tree]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += node.get("Plans", [])
        return found

    @property
    def scans(self) -> list[Scan]:
        return [
            Scan(
                node["Node Type"],
                node.get("Relation Name") or node.get("Function Name", ""),
                node.get("Index Name", ""),
                read_by(node),
            )
            for node in self.nodes
            if SCAN.search(node["Node Type"])
        ]

    @property
    def indexes(self) -> set[str]:
        return {scan.index for scan in self.scans if scan.index}

    @property
    def buffers(self) -> int:
        """Pages of 8 KiB that were looked at, cached or not."""
        return int(self.tree.get("Shared Hit Blocks", 0) + self.tree.get("Shared Read Blocks", 0))


def read_by(node: dict[str, Any]) -> float:
    removed = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return float((node.get("Actual Rows", 0) + removed) * node.get("Actual Loops", 1))


@dataclass(slots=True)
class Watch:
    """The plans of everything that ran while one watched. Without `analyze` they are what the planner intends."""

    analyze: bool = True
    plans: list[Plan] = field(default_factory=list)

    @property
    def indexes(self) -> set[str]:
        return set().union(*(plan.indexes for plan in self.plans))

    def explain(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Explain a reading statement, then let it run (`execute_wrapper` of Django)."""
        if EXPLAINED.match(sql) and not many:
            options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if self.analyze else "FORMAT JSON"
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN ({options}) {sql}", params)
                [[told]] = cursor.fetchall()
            [plan] = told if isinstance(told, list) else json.loads(told)
            self.plans.append(Plan(sql % tuple(params) if params else sql, plan["Plan"]))
        return execute(sql, params, many, context)


@contextmanager
def watching(*, analyze: bool = True) -> Iterator[Watch]:
    """Collect the plans of the statements that the app's connection runs meanwhile."""
    watch = Watch(analyze)
    with connection.execute_wrapper(watch.explain):
        yield watch
