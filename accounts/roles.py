"""What each staff role may do in the admin: one table. Product rights are another thing (platform and project roles).

Roles add up. A role without the whole tenant sees rows of its own projects only (`TenantAdmin.get_queryset`). Nothing
here lets anybody edit the log, evidence or another append-only table: those pages write for nobody.
"""

from collections.abc import Iterable

WORK = ("projects", "agents", "evidence", "tasks")
ADMINISTRATION = (*WORK, "accounts", "audit")

# role -> action -> apps ("projects") or models ("tasks.execution") it is granted for
GRANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "viewer": {"view": WORK},
    "operator": {
        "view": WORK,
        "operate": ("tasks", "agents.agent", "agents.emergencystop", "evidence.evidence"),
    },
    "approver": {"view": WORK, "operate": ("evidence.evidence",)},
    "auditor": {"view": ADMINISTRATION},
    "project_admin": {
        "view": WORK,
        "add": ("projects", "tasks"),
        "change": ("projects", "tasks"),
        "operate": WORK,
    },
    "platform_admin": {action: ADMINISTRATION for action in ("view", "add", "change", "operate")},
}
WHOLE_TENANT = frozenset({"auditor", "platform_admin"})


def allows(roles: Iterable[str], permission: str) -> bool:
    """Whether one of `roles` grants Django's permission `app.action_model`."""
    app, _, codename = permission.partition(".")
    action, _, model = codename.partition("_")
    granted = {place for role in roles for place in GRANTS.get(role, {}).get(action, ())}
    return app in granted or f"{app}.{model}" in granted


def opens_app(roles: Iterable[str], app: str) -> bool:
    """Whether one of `roles` lets a person read anything of an app."""
    places = {place for role in roles for place in GRANTS.get(role, {}).get("view", ())}
    return any(place.partition(".")[0] == app for place in places)
