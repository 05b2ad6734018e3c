"""Agents by right."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from common.context import Principal

if TYPE_CHECKING:
    from agents.models import Agent  # noqa: F401


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, principal: Principal) -> Self:
        """Owners see their agents, and everybody those that may work on a project they see."""
        if principal.sees_all_projects:
            return self
        return self.filter(
            Q(owner_id=principal.user_id) | Q(owner__memberships__project__members__user_id=principal.user_id)
        ).distinct()

    def active(self) -> Self:
        return self.filter(is_active=True)
