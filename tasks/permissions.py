"""Who may do what with work."""

from uuid import UUID

from accounts.models import Tenant, User
from agents.models import Agent
from common.context import Principal
from common.tenancy import require_tenant_id
from projects.models import ProjectMember
from projects.permissions import can_contribute, can_manage
from tasks.models import ApprovalRequest, Task


def can_change_task(principal: Principal, task: Task) -> bool:
    """Contributors change tasks; agents only through the worker protocol."""
    return not principal.is_agent and can_contribute(principal, task.project_id)


def may_work_on(worker: User | Agent, project_id: UUID) -> bool:
    """Whether a person, or an agent by its owner's role, may be given work of a project."""
    if isinstance(worker, User) and worker.principal().sees_all_projects:
        return True
    person = worker.id if isinstance(worker, User) else worker.owner_id
    return ProjectMember.objects.working(person).filter(project_id=project_id).exists()


def may_decide(principal: Principal, approval: ApprovalRequest) -> bool:
    """Entitled people who did not ask: maintainers other than the owner of the asking agent.

    A tenant of one person may allow self-approval by policy; then its owner decides too.
    """
    if not can_manage(principal, approval.project_id):
        return False
    owner = approval.agent.owner_id if approval.agent else None
    return principal.user_id not in {owner, approval.requested_by_id} or self_approval_allowed()


def self_approval_allowed() -> bool:
    return Tenant.objects.filter(id=require_tenant_id(), allow_self_approval=True).exists()
