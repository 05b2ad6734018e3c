"""The outbox, and the places it gives."""

from django.db import models


class Pending(models.Model):
    """An event that has no position yet: the outbox. `n` is taken after the business row is locked, so it orders causes
    before effects.
    """

    n = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    event_id = models.UUIDField()

    class Meta:
        verbose_name_plural = "pending events"

    def __str__(self) -> str:
        return f"{self.n}: {self.event_id}"


class Position(models.Model):
    """The dense place of an event in its tenant's order: the cursor of every socket, page and export."""

    pk = models.CompositePrimaryKey("tenant_id", "pos")
    tenant_id = models.UUIDField()
    pos = models.BigIntegerField()
    event_id = models.UUIDField()

    class Meta:
        constraints = (
            # an event has one position: a relay that runs twice cannot place it twice
            models.UniqueConstraint(fields=["tenant_id", "event_id"], name="audit_position_once"),
            models.CheckConstraint(condition=models.Q(pos__gt=0), name="audit_position_positive"),
        )

    def __str__(self) -> str:
        return f"#{self.pos}"
