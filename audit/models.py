"""The log. No foreign key leaves it: rows outlive what they mention, and deleting a user changes no event."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models

from audit.events import Action, Audience, Outcome
from audit.querysets import EventQuerySet
from common.context import Source
from common.ids import uuid7
from common.models import QueryIndex, UUID7Default, one_of


class SourceChoices(models.TextChoices):
    """The literals of `common.context.Source`, as the database checks them."""

    AGENT = Source.AGENT.value
    USER = Source.USER.value
    SYSTEM = Source.SYSTEM.value
    WEBHOOK = Source.WEBHOOK.value
    SCHEDULER = Source.SCHEDULER.value


class AudienceChoices(models.TextChoices):
    PROJECT = Audience.PROJECT.value
    PERSONAL = Audience.PERSONAL.value
    ADMINISTRATIVE = Audience.ADMINISTRATIVE.value


class Event(models.Model):
    """One change, as it was. Partitioned by month of its key; a trigger sets time and database user."""

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=UUID7Default(), editable=False)
    tenant_id = models.UUIDField()
    recorded_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    db_user = models.TextField(db_default="", editable=False)

    event_type = models.CharField(max_length=100)
    schema_version = models.PositiveSmallIntegerField(default=1)
    action = models.CharField(max_length=10, choices=Action.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCESS)
    audience = models.CharField(max_length=20, choices=AudienceChoices.choices)
    concerns = ArrayField(models.UUIDField(), default=list)

    source = models.CharField(max_length=10, choices=SourceChoices.choices)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=255)
    on_behalf_of = models.UUIDField(null=True)

    resource_type = models.CharField(max_length=50)
    resource_id = models.UUIDField(null=True)
    resource_label = models.CharField(max_length=500, default="")
    project_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)

    request_id = models.UUIDField()
    trace_id = models.CharField(max_length=32)
    reason = models.TextField(default="")
    body = models.TextField()
    """the payload, exact JSON text as it was written: what the Merkle leaf will hash"""

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "log entry"
        verbose_name_plural = "log entries"
        constraints = (
            one_of("action", Action, name="audit_event_action"),
            one_of("outcome", Outcome, name="audit_event_outcome"),
            one_of("source", SourceChoices, name="audit_event_source"),
            one_of("audience", AudienceChoices, name="audit_event_audience"),
        )
        indexes = (
            QueryIndex(
                serves="the activity of one object, newest first",
                fields=["tenant_id", "resource_id", "-id"],
                name="audit_event_resource",
            ),
            QueryIndex(
                serves="everything that happened around one task, newest first",
                fields=["tenant_id", "task_id", "-id"],
                name="audit_event_task",
            ),
            QueryIndex(
                serves="the feed of one project", fields=["tenant_id", "project_id", "-id"], name="audit_event_project"
            ),
            QueryIndex(serves="what one actor did", fields=["tenant_id", "actor_id", "-id"], name="audit_event_actor"),
            QueryIndex(
                serves="the log filtered by type", fields=["tenant_id", "event_type", "-id"], name="audit_event_type"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.resource_label}"


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
