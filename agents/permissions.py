"""Who may do what with agents."""

from agents.models import Agent
from common.context import Principal


def can_change_agent(principal: Principal, agent: Agent) -> bool:
    """Its owner, administrators and managers. Never an agent, not even itself."""
    return not principal.is_agent and (principal.sees_all_projects or agent.owner_id == principal.user_id)
