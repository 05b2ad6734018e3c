"""Reading the log."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from common.context import Principal

if TYPE_CHECKING:
    from audit.models import Event  # noqa: F401


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, principal: Principal, project_ids: Collection[UUID]) -> Self:
        """Keep what this caller may see: events of its projects and those that concern it; administrators see all.

        `project_ids` are the projects the caller may see; the log knows only their ids.
        """
        if principal.sees_all_projects:
            return self
        if principal.is_agent:
            # An agent works for its owner; what concerns its owner as a person is not its business.
            return self.filter(audience="project", project_id__in=project_ids)
        return self.filter(
            Q(audience="project", project_id__in=project_ids) | Q(concerns__contains=[principal.user_id])
        )

    def about(self, resource_id: UUID) -> Self:
        return self.filter(Q(resource_id=resource_id) | Q(task_id=resource_id))
