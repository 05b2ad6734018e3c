"""What happens to agents."""

from django.dispatch import Signal

from audit.events import Action, Audience, EventType, Severity

task_budget_set = Signal()
"""a budget is about to limit the task `task_id` of `project_id`: whoever knows tasks refuses one that is not there"""

# What is about one agent goes to its owner; a change of status that work caused also to the members of its project.

AGENT_REGISTERED = EventType(
    "agent.registered",
    Action.CREATE,
    "agent registered",
    {"agent_type": str},
    audience=Audience.PERSONAL,
    aliases=("agent_created",),
)
AGENT_UPDATED = EventType(
    "agent.updated",
    Action.UPDATE,
    "agent changed",
    {"changed": list},
    audience=Audience.PERSONAL,
    aliases=("agent_updated",),
)
AGENT_SUSPENDED = EventType(
    "agent.suspended", Action.UPDATE, "agent suspended", audience=Audience.PERSONAL, severity=Severity.NOTICE
)
AGENT_RESUMED = EventType("agent.resumed", Action.UPDATE, "agent resumed", audience=Audience.PERSONAL)
AGENT_DEPRECATED = EventType("agent.deprecated", Action.UPDATE, "agent deprecated", audience=Audience.PERSONAL)
AGENT_DELETED = EventType(
    "agent.deleted", Action.DELETE, "agent deleted", audience=Audience.PERSONAL, severity=Severity.NOTICE
)

AGENT_STATUS_CHANGED = EventType(
    "agent.status_changed",
    Action.UPDATE,
    "agent's status changed",
    {"previous": str, "status": str},
    aliases=("agent_status_changed", "agent_status_change", "agent_status_update", "agent.connected"),
)
AGENT_ERRED = EventType(
    "agent.erred",
    Action.UPDATE,
    "agent failed",
    {"previous": str, "status": str},
    severity=Severity.NOTICE,
    aliases=("agent_error",),
)
AGENT_HEARTBEAT_LOST = EventType(
    "agent.heartbeat_lost",
    Action.UPDATE,
    "agent fell silent",
    {"previous": str, "status": str},
    severity=Severity.WARNING,
    aliases=("agent_heartbeat_lost", "agent.disconnected"),
)

AGENT_KEY_REGISTERED = EventType(
    "agent.key_registered",
    Action.CREATE,
    "agent's key registered",
    {"fingerprint": str, "replaces": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
)
AGENT_KEY_REVOKED = EventType(
    "agent.key_revoked",
    Action.UPDATE,
    "agent's key revoked",
    {"fingerprint": str},
    audience=Audience.PERSONAL,
    severity=Severity.WARNING,
)

PRICE_TABLE_ADDED = EventType(
    "price_table.added",
    Action.CREATE,
    "price list added",
    {"provider": str, "version": str, "sha256": str},
    audience=Audience.ADMINISTRATIVE,
)
QUOTA_POOL_CREATED = EventType(
    "quota_pool.created", Action.CREATE, "quota pool created", audience=Audience.ADMINISTRATIVE
)
QUOTA_POOL_UPDATED = EventType(
    "quota_pool.updated", Action.UPDATE, "quota pool changed", {"changed": list}, audience=Audience.ADMINISTRATIVE
)
QUOTA_POOL_CLOSED = EventType(
    "quota_pool.closed",
    Action.UPDATE,
    "quota pool shut: the provider refuses",
    {"closed_until": str},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.WARNING,
)
QUOTA_POOL_OPENED = EventType(
    "quota_pool.opened", Action.UPDATE, "quota pool opened again", audience=Audience.ADMINISTRATIVE
)

# A budget of a project (its tasks' too) is its members' business; an agent's its owner's; the tenant's its managers'.
BUDGET_CREATED = EventType("budget.created", Action.CREATE, "budget set", {"unit": str, "limit": str})
BUDGET_UPDATED = EventType("budget.updated", Action.UPDATE, "budget changed", {"changed": list})
BUDGET_WARNING = EventType(
    "budget.warning",
    Action.EXECUTE,
    "budget nearly used up",
    {"unit": str, "limit": str, "spent": str, "percent": int},
    severity=Severity.NOTICE,
    aliases=("budget_warning",),
)
BUDGET_EXCEEDED = EventType(
    "budget.exceeded",
    Action.EXECUTE,
    "budget used up",
    {"unit": str, "limit": str, "spent": str, "percent": int},
    severity=Severity.WARNING,
    aliases=("budget_exceeded",),
)

EMERGENCY_STOP_TRIGGERED = EventType(
    "emergency_stop.triggered",
    Action.EXECUTE,
    "emergency stop",
    {"scope": str, "triggered_by": str},
    severity=Severity.WARNING,
    aliases=("emergency_stop_triggered",),
)
EMERGENCY_STOP_RELEASED = EventType(
    "emergency_stop.released",
    Action.EXECUTE,
    "emergency stop released",
    {"scope": str},
    severity=Severity.NOTICE,
    aliases=("emergency_stop_released",),
)
