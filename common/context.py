"""Who asks, through which request, for which tenant: carried beside the call, never as a parameter of it.

The context is a `ContextVar`, so it follows a request through threads and awaits and never leaks into another one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from common.ids import uuid7
from common.telemetry.ids import new_span_id


class Source(StrEnum):
    """Where a change came from: the `source` of every event."""

    AGENT = "agent"
    USER = "user"
    SYSTEM = "system"
    WEBHOOK = "webhook"
    SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the log names them for ever: plain ids and a label, never a reference."""

    kind: Source
    id: UUID | None
    label: str
    on_behalf_of: UUID | None = None
    credential: UUID | None = None
    """the session or token that was shown"""


SYSTEM = Actor(kind=Source.SYSTEM, id=None, label="Countermark")


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller: a person, or an agent that acts with its owner's rights.

    `user_id` is the person whose rights count (for an agent, its owner); `agent_id` is set for agents only.
    `role` is the platform role of that person. `credential` is what the caller showed (a token's or session's id).
    """

    tenant_id: UUID
    user_id: UUID
    label: str
    role: str
    credential: UUID | None = None
    agent_id: UUID | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    via: str = "session"
    proved_at: datetime | None = None
    """when the person last showed a password or a second factor in this session; a token never does"""

    is_authenticated = True
    is_anonymous = False

    @property
    def is_agent(self) -> bool:
        return self.agent_id is not None

    @property
    def has_session(self) -> bool:
        """Whether a person asks from a browser that signed in. Pages are for nobody else: scopes are the API's."""
        return self.via == "session" and not self.is_agent

    @property
    def sees_all_projects(self) -> bool:
        """Whether the platform role opens every project of the tenant (agents never inherit that)."""
        return not self.is_agent and self.role in {"admin", "manager"}

    def proved_within(self, span: timedelta) -> bool:
        """Whether the person showed so recently that they are who the session says."""
        return self.proved_at is not None and datetime.now(UTC) - self.proved_at <= span

    @property
    def id(self) -> UUID:
        return self.agent_id or self.user_id

    @property
    def pk(self) -> UUID:
        """The name that DRF's throttles use for an identity."""
        return self.id

    @property
    def actor(self) -> Actor:
        if self.agent_id:
            return Actor(Source.AGENT, self.agent_id, self.label, self.user_id, self.credential)
        return Actor(Source.USER, self.user_id, self.label, credential=self.credential)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What every log line and every event says about the request it belongs to.

    `correlation_id` is the caller's name for what it does, over many requests; where it gives none, the request's id.
    """

    request_id: UUID
    trace_id: str
    span_id: str = ""
    correlation_id: str = ""
    is_sampled: bool = True
    """whether others should trace their part of it"""
    tenant_id: UUID | None = None
    actor: Actor | None = None
    reason: str = ""
    address: str = ""
    user_agent: str = ""

    @property
    def traceparent(self) -> str:
        """The W3C header that makes what another process does a part of this."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext:
    """Return the running context, or an empty one with fresh ids (a start-up line, a shell)."""
    return _current.get() or new_context()


def running() -> RequestContext | None:
    """Return the running context, or None outside any."""
    return _current.get()


def new_context(
    request_id: UUID | None = None,
    trace_id: str | None = None,
    *,
    correlation_id: str = "",
    address: str = "",
    user_agent: str = "",
) -> RequestContext:
    """Return a context with the ids that are given, and new ones for the others."""
    identifier = request_id or uuid7()
    return RequestContext(
        request_id=identifier,
        trace_id=trace_id or identifier.hex,
        span_id=new_span_id(),
        correlation_id=correlation_id or str(identifier),
        address=address,
        user_agent=user_agent,
    )


@contextmanager
def use(context: RequestContext) -> Iterator[RequestContext]:
    """Make `context` the running one inside the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def acting(*, tenant_id: UUID, actor: Actor) -> Iterator[RequestContext]:
    """Keep the request's ids and add who acts, for whom."""
    with use(replace(current(), tenant_id=tenant_id, actor=actor)) as context:
        yield context


@contextmanager
def because(reason: str) -> Iterator[RequestContext]:
    """Give every event inside the block this reason, unless its service states a better one."""
    with use(replace(current(), reason=reason)) as context:
        yield context
