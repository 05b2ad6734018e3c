"""Agents: registered, described, suspended, deprecated, taken out of use."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import IssuedToken, create_token, revoke_token
from agents import events
from agents.models import Agent, Runtime, validate_capabilities
from audit.services import Subject, changes_of, record
from common.context import Principal
from common.duplicates import refusing_duplicates
from common.errors import Forbidden, Invalid

CHANGEABLE = frozenset(
    {
        "display_name",
        "description",
        "agent_type",
        "version",
        "tags",
        "metadata",
        "model_provider",
        "model_name",
        "model_version",
        "max_tokens",
        "temperature",
        "top_p",
        "capabilities",
        "configuration",
        "required_tools",
        "max_concurrent",
        "quota_pool",
        "is_experimental",
    }
)


def subject_of(agent: Agent) -> Subject:
    return Subject(type="agent", id=agent.id, label=str(agent))


@transaction.atomic
def register_agent(
    *,
    owner: User,
    name: str,
    agent_type: str,
    runtime: str = Runtime.PULL,
    created_by: User | None = None,
    **description: Any,
) -> Agent:
    """Register an agent that works on its owner's behalf; `description` is of the columns that may change later.

    Raises `Conflict` where the name is taken, `Invalid` for capabilities that are none or an llm without a model.
    """
    agent = Agent(
        owner=owner,
        created_by=created_by or owner,
        name=name,
        agent_type=agent_type,
        runtime=runtime,
        **{field: value for field, value in description.items() if field in CHANGEABLE},
    )
    check(agent)
    with refusing_duplicates(f"An agent named {name} exists already.", code="agent_taken"):
        agent.save(force_insert=True)
    record(events.AGENT_REGISTERED, subject_of(agent), concerns=[owner.id], agent_type=str(agent_type))
    return agent


def check(agent: Agent) -> None:
    """Raise `Invalid` for what the database could only refuse, or could not know."""
    try:
        validate_capabilities(agent.capabilities)
    except ValidationError as error:
        raise Invalid("The capabilities are not valid.", errors={"capabilities": error.messages}) from error
    if agent.runtime == Runtime.LLM and not (agent.model_provider and agent.model_name):
        missing = {"model_provider": agent.model_provider, "model_name": agent.model_name}
        words = "An agent that is a language model names it."
        raise Invalid(words, errors={name: [words] for name, value in missing.items() if not value})


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
    """Change what differs. Raises `Invalid` for capabilities that are none or an llm without a model."""
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(agent, name) != value}
    if changed:
        differences = changes_of(agent, changed)
        for name, value in changed.items():
            setattr(agent, name, value)
        check(agent)
        Agent.objects.filter(id=agent.id).update(**changed)
        agent.refresh_from_db()
        record(
            events.AGENT_UPDATED,
            subject_of(agent),
            reason=reason,
            concerns=[agent.owner_id],
            changes=differences,
            changed=sorted(changed),
        )
    return agent


@transaction.atomic
def suspend_agent(*, agent: Agent, reason: str) -> Agent:
    """Stop an agent: it can claim nothing, and its tokens end."""
    if Agent.objects.filter(id=agent.id, is_active=True).update(is_active=False):
        end_tokens(agent, reason)
        record(events.AGENT_SUSPENDED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


def end_tokens(agent: Agent, reason: str) -> None:
    for token in ApiToken.objects.usable().of_agent(agent.id):
        revoke_token(token=token, reason=reason)


@transaction.atomic
def resume_agent(*, agent: Agent, reason: str) -> Agent:
    """Let a suspended agent work again; it needs a new token."""
    if Agent.objects.filter(id=agent.id, is_active=False).update(is_active=True):
        record(events.AGENT_RESUMED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


@transaction.atomic
def deprecate_agent(*, agent: Agent, reason: str) -> Agent:
    """Say that an agent should not be chosen any more. It goes on working."""
    if Agent.objects.filter(id=agent.id, deprecated_at=None).update(deprecated_at=timezone.now()):
        record(events.AGENT_DEPRECATED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


@transaction.atomic
def delete_agent(*, agent: Agent, reason: str) -> Agent:
    """Take an agent out of use for good: its tokens end, its name is free, what it did stays. Once."""
    if Agent.objects.filter(id=agent.id).update(is_active=False, deleted_at=timezone.now()):
        end_tokens(agent, reason)
        record(events.AGENT_DELETED, subject_of(agent), reason=reason, concerns=[agent.owner_id])
    agent.refresh_from_db()
    return agent


def working_agent(principal: Principal) -> Agent:
    """Return the agent that calls. Raises `Forbidden` where the caller is no agent or the agent is suspended."""
    active = Agent.objects.active().select_related("owner", "quota_pool")
    agent = active.filter(id=principal.agent_id).first() if principal.agent_id else None
    if agent is None:
        raise Forbidden("Only an active agent's token may do this.", code="not_an_agent")
    return agent
