"""Every write about agents."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import IssuedToken, create_token, revoke_token
from agents import events
from agents.models import Agent, Runtime
from audit.services import Subject, changes_of, record
from common.context import Principal
from common.errors import Conflict, Forbidden

CHANGEABLE = frozenset({"display_name", "description", "capabilities"})
SEEN_RESOLUTION = timedelta(seconds=15)


def subject_of(agent: Agent) -> Subject:
    return Subject(type="agent", id=agent.id, label=str(agent))


@transaction.atomic
def register_agent(
    *,
    owner: User,
    name: str,
    agent_type: str,
    capabilities: dict[str, Any] | None = None,
    runtime: str = Runtime.PULL,
    display_name: str = "",
    description: str = "",
) -> Agent:
    """Register an agent that works on its owner's behalf. Raises `Conflict` where the name is taken."""
    try:
        with transaction.atomic():
            agent: Agent = Agent.objects.create(
                owner=owner,
                name=name,
                agent_type=agent_type,
                runtime=runtime,
                capabilities=capabilities or {},
                display_name=display_name,
                description=description,
            )
    except IntegrityError as error:
        raise Conflict(f"An agent named {name} exists already.", code="agent_taken") from error
    record(events.AGENT_REGISTERED, subject_of(agent), concerns=[owner.id], agent_type=str(agent_type))
    return agent


def issue_agent_token(*, agent: Agent, lifetime: timedelta = timedelta(days=30)) -> IssuedToken:
    """Make a token that acts as this agent and as nothing else."""
    return create_token(
        user=agent.owner,
        agent_id=agent.id,
        name=str(agent),
        scopes=["read", "work"],
        expires_at=timezone.now() + lifetime,
    )


@transaction.atomic
def update_agent(*, agent: Agent, reason: str = "", **changes: Any) -> Agent:
    """Change what differs."""
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(agent, name) != value}
    if changed:
        changes = changes_of(agent, changed)
        Agent.objects.filter(id=agent.id).update(**changed)
        agent.refresh_from_db()
        record(
            events.AGENT_UPDATED,
            subject_of(agent),
            reason=reason,
            concerns=[agent.owner_id],
            changes=changes,
            changed=sorted(changed),
        )
    return agent


@transaction.atomic
def suspend_agent(*, agent: Agent, reason: str) -> Agent:
    """Stop an agent: it can claim nothing, and its tokens end."""
    if Agent.objects.filter(id=agent.id, is_active=True).update(is_active=False):
        for token in ApiToken.objects.usable().of_agent(agent.id):
            revoke_token(token=token, reason=reason)
        record(events.AGENT_SUSPENDED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


@transaction.atomic
def resume_agent(*, agent: Agent, reason: str) -> Agent:
    """Let a suspended agent work again; it needs a new token."""
    if Agent.objects.filter(id=agent.id, is_active=False).update(is_active=True):
        record(events.AGENT_RESUMED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


def working_agent(principal: Principal) -> Agent:
    """Return the agent that calls, and note that it was seen (at most every 15 s; not an event).

    Raises `Forbidden` where the caller is no agent or the agent is suspended.
    """
    active = Agent.objects.active().select_related("owner")
    agent = active.filter(id=principal.agent_id).first() if principal.agent_id else None
    if agent is None:
        raise Forbidden("Only an active agent's token may do this.", code="not_an_agent")
    now = timezone.now()
    if agent.last_seen_at is None or now - agent.last_seen_at > SEEN_RESOLUTION:
        Agent.objects.filter(id=agent.id).update(last_seen_at=now)
    return agent
