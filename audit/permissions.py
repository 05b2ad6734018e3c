"""Who may read the log as a whole."""

from common.context import Principal


def can_read_log(principal: Principal) -> bool:
    """Administrators and managers. Others get the proofs of the events that they may see."""
    return principal.sees_all_projects
