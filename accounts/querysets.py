"""People and tokens."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.context import Principal
from common.models import IN_USE

if TYPE_CHECKING:
    from accounts.models import (  # noqa: F401
        AccountLink,
        ApiToken,
        Notification,
        RecoveryCode,
        Session,
        Tenant,
        TotpDevice,
        User,
        UserPreference,
    )


class TenantQuerySet(models.QuerySet["Tenant"]):
    def visible_to(self, principal: Principal) -> Self:
        """One's own tenant; row security hides every other one anyway."""
        return self.filter(id=principal.tenant_id)


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def people(self) -> Self:
        """Who may sign in: active, and no program's account."""
        return self.active().exclude(role="service")

    def visible_to(self, principal: Principal) -> Self:
        """Everybody of the tenant knows their colleagues; row security keeps the others out."""
        return self.active()


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """The people nobody has deleted, and what Django's sign-in asks for a person by e-mail."""

    def get_queryset(self) -> UserQuerySet:
        people: UserQuerySet = super().get_queryset().filter(IN_USE)
        return people

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=(username or "").lower())
        return user


class UserPreferenceQuerySet(models.QuerySet["UserPreference"]):
    def visible_to(self, principal: Principal) -> Self:
        """One's own; an agent has none."""
        return self.none() if principal.is_agent else self.filter(user_id=principal.user_id)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, principal: Principal) -> Self:
        """One's own; what concerns an agent's owner as a person is not the agent's business."""
        return self.none() if principal.is_agent else self.filter(user_id=principal.user_id)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def unsent(self) -> Self:
        """Neither read nor written about in a letter; who uses another's account cannot read its warnings away."""
        return self.filter(Q(read_at=None) | Q(is_warning=True), emailed_at=None, digest_at=None)

    def unclaimed(self, now: datetime) -> Self:
        """Nobody is writing a letter about it, or who began has not finished in time."""
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, principal: Principal) -> Self:
        """One's own; an agent has none."""
        return self.none() if principal.is_agent else self.filter(user_id=principal.user_id)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, principal: Principal) -> Self:
        """People see their tokens, administrators and managers everybody's, an agent nothing but its own."""
        if principal.is_agent:
            return self.filter(agent_id=principal.agent_id)
        return self if principal.sees_all_projects else self.filter(user_id=principal.user_id)

    def usable(self) -> Self:
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def of_agent(self, agent_id: UUID) -> Self:
        return self.filter(agent_id=agent_id)


class AccountLinkQuerySet(models.QuerySet["AccountLink"]):
    def open(self) -> Self:
        """Neither used nor replaced nor too old."""
        return self.filter(ended_at=None, expires_at__gt=timezone.now())


class TotpDeviceQuerySet(models.QuerySet["TotpDevice"]):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)


class RecoveryCodeQuerySet(models.QuerySet["RecoveryCode"]):
    def unused(self) -> Self:
        return self.filter(used_at=None)
