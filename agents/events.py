"""What happens to agents."""

from audit.events import Action, Audience, EventType, Severity

AGENT_REGISTERED = EventType(
    "agent.registered",
    Action.CREATE,
    "agent registered",
    {"agent_type": str},
    audience=Audience.PERSONAL,
    aliases=("agent_created",),
)
AGENT_UPDATED = EventType(
    "agent.updated", Action.UPDATE, "agent changed", {"changed": list}, audience=Audience.PERSONAL
)
AGENT_SUSPENDED = EventType(
    "agent.suspended", Action.UPDATE, "agent suspended", audience=Audience.PERSONAL, severity=Severity.NOTICE
)
AGENT_RESUMED = EventType("agent.resumed", Action.UPDATE, "agent resumed", audience=Audience.PERSONAL)
