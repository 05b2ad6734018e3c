"""Who may judge evidence."""

from common.context import Principal
from evidence.models import Evidence
from projects.permissions import can_manage


def can_review(principal: Principal, evidence: Evidence) -> bool:
    """Maintainers who neither wrote it nor own the agent that did."""
    if not can_manage(principal, evidence.project_id):
        return False
    owner_id = evidence.agent.owner_id if evidence.agent else evidence.author_id
    return owner_id != principal.user_id
