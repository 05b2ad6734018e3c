"""How far what is made from the log has got."""

from django.db import models
from django.db.models import Q

from common.models import TenantModel


class Projection(TenantModel):
    """The cursor of one reader of the tenant's log: everything up to `position` is in what it makes."""

    name = models.CharField(max_length=50)
    position = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "name"], name="audit_projection_name"),
            models.CheckConstraint(condition=Q(position__gte=0), name="audit_projection_position"),
        )

    def __str__(self) -> str:
        return f"{self.name} at #{self.position}"
