"""How much a statement may read of a big table, whatever it answers."""

import os

import psycopg

from tests.scale.company import BIG
from tests.scale.plans import Plan

MOST_ROWS = 5_000
"""rows that one node may look at: a page is a hundred, and what decides about them may be a project's worth"""
MOST_PAGES = 10_000
"""pages of 8 KiB that one statement may look at"""


def big_tables() -> frozenset[str]:
    """Return the tables, and partitions, that have more rows than anybody may read from one end to the other."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        rows = owner.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG]).fetchall()
    return frozenset(name for (name,) in rows)


def complaints(plan: Plan, big: frozenset[str], most_rows: int = MOST_ROWS) -> list[str]:
    """Return what is wrong with a plan: a big table read through, too many rows or pages looked at."""
    found = []
    for scan in plan.scans:
        if scan.relation in big and scan.kind == "Seq Scan" and scan.read:
            found.append(f"reads {scan.relation} from one end to the other ({scan.read:.0f} rows)")
        elif scan.read > most_rows:
            found.append(f"looks at {scan.read:.0f} rows by {scan.kind} on {scan.index or scan.relation}")
    if plan.buffers > MOST_PAGES:
        found.append(f"looks at {plan.buffers} pages")
    return found
