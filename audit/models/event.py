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
    """One change, as it was. Partitioned by month of its key; a trigger sets time and database user.

    The columns that the specification gives its `audit_logs`, and where they are here:

    * log_id: `id` · created_at: `recorded_at` · status: `outcome` · event_action: `action`
    * user_id, agent_id: `actor_id` with `source` (`user`, `agent`); the person an agent works for: `on_behalf_of`
    * resource_name: `resource_label` · metadata: `body` · changes_summary: the sentence of the catalogue's entry
    * old_values, new_values: `changes`, as {field: [old, new]}
    * is_immutable: true of every row, by privilege and trigger; a column could only repeat it
    * service_name, ip_address, user_agent, session_id, request_id, error_message: as they are called
    """

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
    service_name = models.CharField(max_length=255, default="", db_default="")
    """the process that wrote it: web, worker, beat, relay, a command"""
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=1000, default="", db_default="")
    session_id = models.UUIDField(null=True)
    """the session or token that the request came with"""
    error_message = models.TextField(default="", db_default="")
    changes = models.JSONField(null=True)
    """what changed in the resource, {field: [old, new]}; null where nothing did"""
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
            QueryIndex(
                serves="the log filtered by type of object",
                fields=["tenant_id", "resource_type", "-id"],
                name="audit_event_resource_type",
            ),
            QueryIndex(
                serves="what failed or was refused",
                fields=["tenant_id", "outcome", "-id"],
                condition=~models.Q(outcome="success"),
                name="audit_event_not_success",
            ),
            QueryIndex(
                serves="everything that one request did",
                fields=["tenant_id", "request_id", "-id"],
                name="audit_event_request",
            ),
            QueryIndex(
                serves="the log of a span of time by the server's clock",
                fields=["tenant_id", "-recorded_at"],
                name="audit_event_recorded",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.resource_label}"
