"""Tenants, people and what they sign in with."""

from accounts.models.credentials import AccountLink, ApiToken, IdempotencyKey, LinkPurpose, Session
from accounts.models.factors import Identity, Passkey, RecoveryCode, TotpDevice
from accounts.models.people import Role, StaffRole, Tenant, User
from accounts.models.personal import Notification, NotificationTiming, Theme, UserPreference

__all__ = [
    "AccountLink",
    "ApiToken",
    "IdempotencyKey",
    "Identity",
    "LinkPurpose",
    "Notification",
    "NotificationTiming",
    "Passkey",
    "RecoveryCode",
    "Role",
    "Session",
    "StaffRole",
    "Tenant",
    "Theme",
    "TotpDevice",
    "User",
    "UserPreference",
]
