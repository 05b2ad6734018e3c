"""What happens to tenants, people and their credentials."""

from django.dispatch import Signal

from audit.events import CONCERNED, Action, Audience, EventType, Severity

people_asked = Signal()
"""Who are `group` (a word that an event type's `notifies` uses) for `event`? Receivers return ids of people.

Apps above know what accounts cannot: who decides an approval, who is mentioned in a comment.
"""


HOLDER = ("account holder",)
"""the people an event names in `concerns`, even who did it: so one learns that somebody else did it in one's name"""


TENANT_CREATED = EventType("tenant.created", Action.CREATE, "tenant created", audience=Audience.ADMINISTRATIVE)
USER_CREATED = EventType(
    "user.created",
    Action.CREATE,
    "account created",
    {"role": str},
    audience=Audience.ADMINISTRATIVE,
    aliases=("user_created",),
)
USER_INVITED = EventType(
    "user.invited",
    Action.UPDATE,
    "invitation sent",
    audience=Audience.ADMINISTRATIVE,
)
USER_UPDATED = EventType(
    "user.updated",
    Action.UPDATE,
    "account changed",
    {"changed": list},
    audience=Audience.ADMINISTRATIVE,
    aliases=("user_updated",),
)
USER_RIGHTS_CHANGED = EventType(
    "user.rights_changed",
    Action.UPDATE,
    "rights changed",
    {"changed": list},
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.NOTICE,
    notifies=CONCERNED,
    aliases=("user.role_granted", "user.role_revoked"),
)
USER_REACTIVATED = EventType(
    "user.reactivated",
    Action.UPDATE,
    "account opened again",
    audience=Audience.ADMINISTRATIVE,
    severity=Severity.NOTICE,
)
PREFERENCES_CHANGED = EventType(
    "user.preferences_changed",
    Action.UPDATE,
    "preferences changed",
    {"changed": list},
    audience=Audience.PERSONAL,
    feed=False,
)
GITHUB_CONNECTED = EventType(
    "user.github_connected",
    Action.UPDATE,
    "GitHub account connected",
    {"github_user_id": int},
    audience=Audience.PERSONAL,
    notifies=HOLDER,
    aliases=("integration.connected",),
)
GITHUB_RENEWED = EventType(
    "user.github_renewed",
    Action.UPDATE,
    "GitHub token renewed",
    {"github_user_id": int},
    audience=Audience.PERSONAL,
    feed=False,
)
GITHUB_DISCONNECTED = EventType(
    "user.github_disconnected",
    Action.UPDATE,
    "GitHub account disconnected",
    audience=Audience.PERSONAL,
    notifies=HOLDER,
    aliases=("integration.disconnected",),
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
    feed=False,
    aliases=("login_succeeded", "auth.login_succeeded"),
)
SIGN_IN_FAILED = EventType(
    "auth.sign_in_failed",
    Action.EXECUTE,
    "sign-in refused",
    {"method": str},
    audience=Audience.PERSONAL,
    severity=Severity.WARNING,
    feed=False,
    aliases=("login_failed", "auth.login_failed"),
)
SIGNED_OUT = EventType("auth.signed_out", Action.EXECUTE, "signed out", audience=Audience.PERSONAL, feed=False)
SESSION_REVOKED = EventType(
    "auth.session_revoked",
    Action.DELETE,
    "sessions ended",
    {"sessions": int},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
)
TOKEN_CREATED = EventType(
    "api_token.created",
    Action.CREATE,
    "token created",
    {"prefix": str, "scopes": list},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
)
AGENT_TOKEN_CREATED = EventType(
    "api_token.issued_to_agent",
    Action.CREATE,
    "token for an agent created",
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
PASSWORD_CHANGED = EventType(
    "auth.password_changed",
    Action.UPDATE,
    "password changed",
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
LINK_ISSUED = EventType(
    "auth.link_issued",
    Action.CREATE,
    "link to choose a password made",
    {"purpose": str, "by_mail": bool},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    feed=False,
)
LINK_USED = EventType(
    "auth.link_used",
    Action.EXECUTE,
    "password chosen through a link",
    {"purpose": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    feed=False,
)
SECOND_FACTOR_ADDED = EventType(
    "auth.second_factor_added",
    Action.CREATE,
    "second factor added",
    {"kind": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
SECOND_FACTOR_REMOVED = EventType(
    "auth.second_factor_removed",
    Action.DELETE,
    "second factor removed",
    {"kind": str},
    audience=Audience.PERSONAL,
    severity=Severity.WARNING,
    notifies=HOLDER,
    feed=False,
)
RECOVERY_CODES_MADE = EventType(
    "auth.recovery_codes_made",
    Action.CREATE,
    "recovery codes made",
    {"count": int},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
RECOVERY_CODE_USED = EventType(
    "auth.recovery_code_used",
    Action.EXECUTE,
    "recovery code used",
    {"left": int},
    audience=Audience.PERSONAL,
    severity=Severity.WARNING,
    notifies=HOLDER,
    feed=False,
)
CONFIRMED = EventType(
    "auth.confirmed",
    Action.EXECUTE,
    "proved again who they are",
    {"method": str},
    audience=Audience.PERSONAL,
    feed=False,
)
PASSKEY_ADDED = EventType(
    "auth.passkey_added",
    Action.CREATE,
    "passkey added",
    {"name": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
PASSKEY_REMOVED = EventType(
    "auth.passkey_removed",
    Action.DELETE,
    "passkey removed",
    {"name": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
IDENTITY_CONNECTED = EventType(
    "user.identity_connected",
    Action.UPDATE,
    "account at a provider connected",
    {"provider": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
IDENTITY_DISCONNECTED = EventType(
    "user.identity_disconnected",
    Action.UPDATE,
    "account at a provider disconnected",
    {"provider": str},
    audience=Audience.PERSONAL,
    severity=Severity.NOTICE,
    notifies=HOLDER,
    feed=False,
)
