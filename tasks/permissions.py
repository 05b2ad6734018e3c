"""Who may do what with work."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import Tenant, User
from accounts.permissions import proved_recently
from agents.models import Agent
from common.context import Principal
from common.tenancy import require_tenant_id
from projects.models import ProjectMember
from projects.permissions import DECIDING, can_contribute, can_manage
from tasks.models import ApprovalRequest, Attachment, Comment, Handoff, Risk, Task


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


def needs_proof(principal: Principal, approval: ApprovalRequest) -> bool:
    """Whether the caller must first prove again who they are: what is risky is not decided by a left browser."""
    return approval.risk != Risk.LOW and not proved_recently(principal)


def self_approval_allowed() -> bool:
    return Tenant.objects.filter(id=require_tenant_id(), allow_self_approval=True).exists()


def can_change_journal(principal: Principal, project_id: UUID) -> bool:
    """Write comments, checklists, blockers and the journal: contributors; agents only under a lease."""
    return not principal.is_agent and can_contribute(principal, project_id)


def is_author(principal: Principal, comment: Comment) -> bool:
    """Only who wrote a comment changes what it says."""
    return not principal.is_agent and comment.author_id == principal.user_id


def can_delete_comment(principal: Principal, comment: Comment) -> bool:
    return is_author(principal, comment) or can_manage(principal, comment.task.project_id)


def can_delete_attachment(principal: Principal, attachment: Attachment) -> bool:
    own = not principal.is_agent and attachment.uploaded_by_id == principal.user_id
    return own or can_manage(principal, attachment.task.project_id)


def can_offer(principal: Principal, handoff: Handoff) -> bool:
    """Change and submit a draft: who made it, and who manages the project."""
    own = not principal.is_agent and handoff.from_user_id == principal.user_id
    return own or can_manage(principal, handoff.project_id)


def can_take_over(principal: Principal, handoff: Handoff) -> bool:
    """Answer a handoff: its taker, the owner of the agent that is it, who manages the project; never the giver."""
    if principal.is_agent:
        return handoff.to_agent_id == principal.agent_id
    if handoff.from_user_id == principal.user_id:
        return False
    taker = is_taker(principal, handoff) and can_contribute(principal, handoff.project_id)
    return taker or can_manage(principal, handoff.project_id)


def is_taker(principal: Principal, handoff: Handoff) -> bool:
    """Whether a handoff is offered to this person, or to an agent of theirs."""
    return takes(principal, [handoff.to_user_id, handoff.to_agent.owner_id if handoff.to_agent else None])


def takes(principal: Principal, takers: Collection[UUID | None]) -> bool:
    """Whether this person is one of those that a handoff is offered to: the taker, or the owner of the agent it is."""
    return principal.user_id in takers


def maintainers(project_id: UUID) -> set[UUID]:
    """Return the members who decide in a project."""
    members = ProjectMember.objects.filter(project_id=project_id, role__in=DECIDING, user__is_active=True)
    return set(members.values_list("user_id", flat=True))


def deciders(approval_id: UUID) -> set[UUID]:
    """Return the members whom an approval waits for: maintainers who did not ask, or all where the policy lets them."""
    approval = ApprovalRequest.objects.select_related("agent").filter(id=approval_id).first()
    if approval is None:
        return set()
    people = maintainers(approval.project_id)
    if self_approval_allowed():
        return people
    return people - {approval.requested_by_id, approval.agent.owner_id if approval.agent else None}
