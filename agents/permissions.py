"""Who may do what with agents, budgets and stops. Never an agent, not even about itself."""

from agents.models import Agent, BudgetScope, StopScope
from common.context import Principal
from projects.models import Project
from projects.permissions import can_contribute, can_manage


def can_change_agent(principal: Principal, agent: Agent) -> bool:
    """Its owner, administrators and managers."""
    return not principal.is_agent and (principal.sees_all_projects or agent.owner_id == principal.user_id)


def can_run_tenant(principal: Principal) -> bool:
    """Administrators and managers: price lists, quota pools, what holds for the whole tenant."""
    return principal.sees_all_projects


def can_set_budget(principal: Principal, scope: str, project: Project | None, agent: Agent | None) -> bool:
    """Maintainers limit their project and its tasks, owners their agent, administrators and managers everything."""
    if scope == BudgetScope.AGENT and agent:
        return can_change_agent(principal, agent)
    if scope in {BudgetScope.PROJECT, BudgetScope.TASK} and project:
        return can_manage(principal, project.id)
    return can_run_tenant(principal)


def can_stop(principal: Principal, scope: str, project: Project | None, agent: Agent | None) -> bool:
    """Everybody who works on a project may stop it: waiting for somebody entitled costs more than a needless stop."""
    if principal.is_agent:
        return False
    if scope == StopScope.AGENT and agent:
        return can_change_agent(principal, agent)
    return can_contribute(principal, project.id) if project else can_run_tenant(principal)


def can_release(principal: Principal, scope: str, project: Project | None, agent: Agent | None) -> bool:
    """Letting go on is for those who answer for the project, the agent or the tenant."""
    if scope == StopScope.AGENT and agent:
        return can_change_agent(principal, agent)
    return can_manage(principal, project.id) if project else can_run_tenant(principal)
