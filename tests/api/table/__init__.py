"""Who gets what answer from each endpoint: the tables that the API tests read, one module per app."""

from tests.api.table import (
    accounts,
    agents,
    approvals,
    artifacts,
    audit,
    collab,
    delivery,
    evidence,
    projects,
    proofs,
    tasks,
    telemetry,
    worker,
)
from tests.api.table.row import CALLERS, MISSING, Row

MODULES = (
    accounts,
    projects,
    delivery,
    agents,
    tasks,
    approvals,
    collab,
    evidence,
    artifacts,
    audit,
    proofs,
    telemetry,
    worker,
)
ROWS = [row for module in MODULES for row in module.ROWS]
LISTS = sorted(path for module in MODULES for path in module.LISTS)
WRONG_FIELDS = [wrong for module in MODULES for wrong in module.WRONG_FIELDS]

__all__ = ["CALLERS", "LISTS", "MISSING", "ROWS", "WRONG_FIELDS", "Row"]
