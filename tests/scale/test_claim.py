"""A claim looks at a handful of three hundred thousand tasks."""

import pytest

from tasks.services import claim_tasks
from tests.scale.bounds import complaints
from tests.scale.company import Company
from tests.scale.plans import watching

pytestmark = [pytest.mark.scale, pytest.mark.django_db]


@pytest.mark.parametrize("limit", [1, 20])
@pytest.mark.parametrize(("of_one_project", "most_rows"), [(False, 500), (True, 2000)])
def test_a_claim_reads_what_it_takes(
    big: Company, big_tables: frozenset[str], limit: int, of_one_project: bool, most_rows: int
) -> None:
    """Of all projects it follows the index of claims; of a named one it may look at that project's tasks."""
    projects = [big.project.id] if of_one_project else None
    with big.as_("agent"), watching() as watch:
        claimed = claim_tasks(principal=big.agent_principal, agent=big.agent, project_ids=projects, limit=limit)
    assert len(claimed) in {limit, 10}  # an agent runs ten at a time at most
    found = [(problem, plan.statement) for plan in watch.plans for problem in complaints(plan, big_tables, most_rows)]
    assert found == []
    queue = next(plan for plan in watch.plans if "SKIP LOCKED" in plan.statement)
    assert of_one_project or "tasks_task_claim" in queue.indexes, queue.indexes
