"""What `check --deploy` asks on top of Django's own questions: keys that are long enough, nothing of development."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from common.configuration import MAKE_A_KEY

KEY_BYTES = 32


@register(Tags.security, deploy=True)
def keys_are_long(app_configs: Any, **_: Any) -> Sequence[CheckMessage]:
    """Each key has 32 bytes or more (FIELD_KEYS exactly), and no two settings share one."""
    keys = {"CONTEXT_KEY": settings.CONTEXT_KEYS, "LEASE_KEY": settings.LEASE_KEYS, "FIELD_KEYS": settings.FIELD_KEYS}
    found: list[CheckMessage] = []
    for name, values in keys.items():
        exact = name == "FIELD_KEYS"
        if any(len(key) < KEY_BYTES or (exact and len(key) != KEY_BYTES) for key in values):
            words = "is not of" if exact else "is shorter than"
            found.append(Warning(f"{name} {words} {KEY_BYTES} bytes.", hint=MAKE_A_KEY, id="countermark.W001"))
    every = [key for values in keys.values() for key in values]
    if len(set(every)) < len(every):
        found.append(Warning("Two settings share a key.", hint=MAKE_A_KEY, id="countermark.W002"))
    return found


@register(Tags.security, deploy=True)
def nothing_of_development(app_configs: Any, **_: Any) -> Sequence[CheckMessage]:
    """People reach it over TLS, and nothing is allowed that is for development."""
    found: list[CheckMessage] = []
    if not settings.PUBLIC_URL.startswith("https://"):
        hint = "Set PUBLIC_URL to https://…: cookies and headers follow it."
        found.append(Warning("PUBLIC_URL is not https.", hint=hint, id="countermark.W003"))
    for name in ("DEVELOPMENT", "WEBHOOK_ALLOW_LOOPBACK"):
        if getattr(settings, name):
            found.append(Warning(f"{name} is for development.", hint=f"Unset {name}.", id="countermark.W004"))
    return found
