"""What happens to tenants, people and their credentials."""

from audit.events import Action, Audience, EventType, Severity

TENANT_CREATED = EventType("tenant.created", Action.CREATE, "tenant created", audience=Audience.ADMINISTRATIVE)
USER_CREATED = EventType(
    "user.created",
    Action.CREATE,
    "account created",
    {"role": str},
    audience=Audience.ADMINISTRATIVE,
    aliases=("user_created",),
)
USER_UPDATED = EventType(
    "user.updated",
    Action.UPDATE,
    "account changed",
    {"changed": list},
    audience=Audience.ADMINISTRATIVE,
    aliases=("user_updated",),
)
USER_DEACTIVATED = EventType(
    "user.deactivated", Action.UPDATE, "account deactivated", audience=Audience.ADMINISTRATIVE, severity=Severity.NOTICE
)
USER_DELETED = EventType(
    "user.deleted",
    Action.DELETE,
    "account deleted",
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.NOTICE,
    aliases=("user_deleted",),
)
SIGN_IN_SUCCEEDED = EventType(
    "auth.sign_in_succeeded",
    Action.EXECUTE,
    "signed in",
    {"method": str},
    audience=Audience.PERSONAL,
    aliases=("login_succeeded",),
)
SIGN_IN_FAILED = EventType(
    "auth.sign_in_failed",
    Action.EXECUTE,
    "sign-in refused",
    {"method": str},
    audience=Audience.PERSONAL,
    severity=Severity.WARNING,
    aliases=("login_failed",),
)
SIGNED_OUT = EventType("auth.signed_out", Action.EXECUTE, "signed out", audience=Audience.PERSONAL)
TOKEN_CREATED = EventType(
    "api_token.created",
    Action.CREATE,
    "token created",
    {"prefix": str, "scopes": list},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
)
TOKEN_REVOKED = EventType(
    "api_token.revoked",
    Action.UPDATE,
    "token revoked",
    {"prefix": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
)
