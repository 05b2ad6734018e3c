"""Reading the log."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from common.context import Principal

if TYPE_CHECKING:
    from audit.models import ActivityItem, Delivery, DeliveryEndpoint, Event  # noqa: F401


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


class ActivityItemQuerySet(models.QuerySet["ActivityItem"]):
    def visible_to(self, principal: Principal, project_ids: Collection[UUID]) -> Self:
        """Keep what is public, of the caller's projects or meant for the caller; administrators see all."""
        if principal.sees_all_projects:
            return self
        common = Q(is_public=True) | Q(project_id__in=project_ids)
        if principal.is_agent:
            return self.filter(common)
        # Not joined: an item that was shown to three people would come three times.
        shown = self.model._default_manager.filter(visibility__user_id=principal.user_id)
        return self.filter(common | Q(id__in=shown.values("id")))


class DeliveryEndpointQuerySet(models.QuerySet["DeliveryEndpoint"]):
    def visible_to(self, principal: Principal, project_ids: Collection[UUID]) -> Self:
        """Keep those of `project_ids`, the projects whose settings the caller may change; administrators see all."""
        return self if principal.sees_all_projects else self.filter(project_id__in=project_ids)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, principal: Principal, project_ids: Collection[UUID]) -> Self:
        """Keep those of the endpoints that the caller may see."""
        return self if principal.sees_all_projects else self.filter(endpoint__project_id__in=project_ids)
