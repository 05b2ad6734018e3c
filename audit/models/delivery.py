"""Outgoing webhooks: who wants to hear of which events, and what became of each."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from audit.querysets import DeliveryEndpointQuerySet, DeliveryQuerySet
from common.crypto import EncryptedTextField
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of


class DeliveryEndpoint(TenantModel):
    """An address outside that gets events, signed with `secret`. Without a project it gets the tenant's.

    During a rotation both secrets sign until `previous_secret_until`. An empty `event_types` means all.
    """

    project_id = models.UUIDField(null=True, blank=True)
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=500, default="", blank=True)
    secret = EncryptedTextField(editable=False)
    previous_secret = EncryptedTextField(null=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    event_types = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    is_active = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=500, default="", blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Deliveries that failed since the last good one.")
    failing_since = models.DateTimeField(null=True, editable=False)
    created_by = models.UUIDField(null=True, editable=False)
    position = models.BigIntegerField(default=0, editable=False)
    """every event up to this position has its delivery, or is none of this endpoint's"""

    objects = DeliveryEndpointQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(url__regex=r"^https?://[^/]"), name="audit_deliveryendpoint_url"),
            models.CheckConstraint(condition=Q(position__gte=0), name="audit_deliveryendpoint_position"),
            models.CheckConstraint(
                condition=Q(is_active=True, disabled_at__isnull=True) | Q(is_active=False, disabled_at__isnull=False),
                name="audit_deliveryendpoint_disabled",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret__isnull=True, previous_secret_until__isnull=True)
                | Q(previous_secret__isnull=False, previous_secret_until__isnull=False),
                name="audit_deliveryendpoint_rotation",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the endpoints of one project, or of the tenant",
                fields=["tenant", "project_id"],
                name="audit_endpoint_project",
            ),
            QueryIndex(
                serves="the active endpoints whose cursor is behind the log",
                fields=["tenant", "position"],
                condition=Q(is_active=True),
                name="audit_endpoint_behind",
            ),
        )

    def __str__(self) -> str:
        return self.description or self.url


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", "Not tried yet"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed, will be tried again"
    DEAD = "dead", "Given up"


class Delivery(TenantModel):
    """One event for one endpoint: at least once, in the order of `pos` as far as nothing fails."""

    endpoint = TenantForeignKey(DeliveryEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    event_id = models.UUIDField()
    pos = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(default="", blank=True)
    delivered_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-pos",)
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "endpoint", "event_id"], name="audit_delivery_once"),
            one_of("status", DeliveryStatus, name="audit_delivery_status"),
            models.CheckConstraint(condition=Q(pos__gt=0), name="audit_delivery_position"),
            models.CheckConstraint(
                condition=Q(last_status_code__isnull=True) | Q(last_status_code__range=(100, 599)),
                name="audit_delivery_status_code",
            ),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False)
                | (~Q(status="delivered") & Q(delivered_at__isnull=True)),
                name="audit_delivery_delivered",
            ),
            # what is to be tried says when, what is over never is
            models.CheckConstraint(
                condition=Q(status__in=["pending", "failed"], next_attempt_at__isnull=False)
                | Q(status__in=["delivered", "dead"], next_attempt_at__isnull=True),
                name="audit_delivery_next_attempt",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the deliveries that are due, over all tenants",
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="audit_delivery_due",
            ),
            QueryIndex(
                serves="the deliveries of one endpoint, newest first",
                fields=["tenant", "endpoint", "-pos"],
                name="audit_delivery_endpoint",
            ),
            QueryIndex(
                serves="what one endpoint never got, newest first",
                fields=["tenant", "endpoint", "-pos"],
                condition=Q(status="dead"),
                name="audit_delivery_dead",
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pos} to {self.endpoint_id}"
