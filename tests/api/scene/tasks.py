"""Tasks with parts, dependencies and assignments, and a deleted one."""

from typing import Any

from tasks.services import add_dependency, assign, create_task, delete_task
from tests.world import World


def relations(world: World, names: dict[str, str]) -> dict[str, str]:
    """All of them drafts: the scene's claims find what they did."""
    with world.as_("engineer"):
        made: dict[str, Any] = {"project": world.project, "status": "draft", "created_by_id": world.engineer.id}
        whole, gone = create_task(title="whole", kind="epic", **made), create_task(title="gone", **made)
        part = create_task(title="part", parent=whole, **made)
        dependency = add_dependency(task=whole, depends_on=part, reason="the parts first")
        assignment = assign(task=part, agent=world.agent, role="primary", rationale="knows it")
        delete_task(task=gone, reason="by mistake")
    return {
        "whole": str(whole.id),
        "part": str(part.id),
        "deleted": str(gone.id),
        "dependency": str(dependency.id),
        "assignment": str(assignment.id),
    }
