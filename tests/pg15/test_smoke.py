"""The main job on the oldest PostgreSQL we support: set-up, migrations (the fixture), claim, evidence, close, relay."""

import pytest
from django.db import connection

from audit.log import relay
from audit.queries import events_after
from common.tenancy.guard import unguarded
from tasks.models import TaskStatus
from tasks.services import (
    CriterionInput,
    claim_tasks,
    complete_execution,
    create_task,
    hand_in_evidence,
    lease_token,
    set_contract,
)
from tasks.services.leases import LeaseClaim
from tests.world import World

pytestmark = pytest.mark.pg15


def test_this_is_postgresql_15(db: None) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) // 10000 == 15


def test_a_task_is_claimed_proven_and_closed_and_the_relay_places_it(committed_world: World) -> None:
    world = committed_world
    with world.as_("engineer"):
        task = create_task(project=world.project, title="smoke")
        criterion = CriterionInput(kind="command_exit", title="it passes", parameters={"command": "pytest"})
        set_contract(task=task, criteria=[criterion])
    with world.as_("agent"):
        [claimed] = claim_tasks(principal=world.agent_principal, agent=world.agent)
        claim = LeaseClaim(world.agent_principal, claimed.execution.id, lease_token(claimed.execution.id))
        facts = {"command_name": "pytest", "exit_code": 0}
        hand_in_evidence(claim=claim, source_type="test_result", title="pytest", content="ok", data=facts)
        assert complete_execution(claim=claim, result={}, summary="done").status == TaskStatus.CLOSED
    while relay.step():
        pass
    with world.as_("engineer"):
        batch = events_after(0, principal=world.engineer.principal(), project_ids=[world.project.id])
    kinds = [placed.event.event_type for placed in batch.events]
    assert kinds.index("task.created") < kinds.index("task.claimed") < kinds.index("task.closed")
