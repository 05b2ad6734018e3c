"""People and tokens."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.context import Principal

if TYPE_CHECKING:
    from accounts.models import ApiToken, User  # noqa: F401


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def visible_to(self, principal: Principal) -> Self:
        """Everybody of the tenant knows their colleagues; row security keeps the others out."""
        return self.active()


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """The manager that Django's sign-in asks for a person by e-mail."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=(username or "").lower())
        return user


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
