"""Evidence by right and by subject."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models

from common.context import Principal

if TYPE_CHECKING:
    from evidence.models import Evidence  # noqa: F401


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, principal: Principal) -> Self:
        if principal.sees_all_projects:
            return self
        return self.filter(project__members__user_id=principal.user_id)

    def about_task(self, task_id: UUID) -> Self:
        return self.filter(task_id=task_id)

    def standing(self) -> Self:
        """Not rejected."""
        return self.filter(rejected_at=None)

    def without_content(self) -> Self:
        """Leave the (large) content in the database."""
        return self.defer("content")
