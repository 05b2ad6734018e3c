"""The log in the admin, and what is made from it: to read and find. Nobody edits the log, superusers included."""

from base64 import b64encode
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest

from audit.models import (
    ActivityItem,
    ActivityVisibility,
    Checkpoint,
    Cosignature,
    Delivery,
    DeliveryEndpoint,
    Epoch,
    Event,
    Projection,
    SchemaMigration,
    SubjectKey,
    Tile,
)
from audit.services import (
    disable_endpoint,
    enable_endpoint,
    retry_delivery,
    send_test,
    update_endpoint,
    verify_range,
)
from audit.services.sealing import key_of
from audit.services.verification import MOST_EVENTS
from common.admin import MadeFilter, Panel, ReadOnlyAdmin, ServiceAdmin, reference_filter, with_reason


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "event_type", "actor_label", "resource_type", "resource_label", "outcome")
    list_filter = (
        "action",
        "outcome",
        "source",
        reference_filter("resource_id", "object"),
        reference_filter("actor_id", "actor"),
        reference_filter("request_id", "request"),
        MadeFilter,
    )
    search_fields = ("event_type",)
    search_ids = ("pk", "resource_id", "task_id", "actor_id", "project_id", "request_id")
    search_words = ("event_type",)
    search_help_text = "The id of an event, an object, a task, an actor or a project; or an event type (task.claimed)."

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        match = request.resolver_match
        return rows.defer("body", "reason") if match and match.url_name == "audit_event_changelist" else rows

    def of_own_projects(self, request: HttpRequest, rows: Any) -> Any:
        """The whole log or none: what one may see of it otherwise is on the pages of the product."""
        return rows.none()


class OfTheTenant(ReadOnlyAdmin):
    """Rows that belong to the tenant as a whole: for those who see all of it."""

    def of_own_projects(self, request: HttpRequest, rows: Any) -> Any:
        return rows.none()


@admin.register(ActivityItem)
class ActivityItemAdmin(OfTheTenant):
    list_display = ("created_at", "kind", "sentence", "actor_label", "is_public")
    list_filter = (reference_filter("project_id", "project"), reference_filter("task_id", "task"), MadeFilter)
    panels: ClassVar[Any] = (Panel(ActivityVisibility, "item_id", ("user_id",)),)


@admin.register(ActivityVisibility)
class ActivityVisibilityAdmin(OfTheTenant):
    list_display = ("item", "user_id")
    list_select_related = ("item",)
    list_filter = (reference_filter("item_id", "item"), reference_filter("user_id", "person"))


@admin.register(DeliveryEndpoint)
class DeliveryEndpointAdmin(ServiceAdmin):
    """Endpoints are made by the API, which shows the secret once; here they are looked after."""

    list_display = ("url", "description", "project_id", "is_active", "failures", "disabled_reason")
    list_filter = ("is_active", reference_filter("project_id", "project"))
    fields: ClassVar[Any] = (
        "url",
        "description",
        "event_types",
        "project_id",
        "is_active",
        "disabled_at",
        "disabled_reason",
        "failures",
        "failing_since",
        "position",
        "created_at",
        "updated_at",
    )
    changeable = ("url", "description", "event_types")
    actions = ("disable", "enable", "test")
    panels: ClassVar[Any] = (
        Panel(Delivery, "endpoint_id", ("pos", "status", "attempts", "last_status_code", "next_attempt_at")),
    )

    def of_own_projects(self, request: HttpRequest, rows: Any) -> Any:
        return rows.none()

    def update(self, request: HttpRequest, row: DeliveryEndpoint, changes: dict[str, Any]) -> DeliveryEndpoint:
        return update_endpoint(endpoint=row, **changes)

    @with_reason("Disable the chosen endpoints")
    def disable(self, request: HttpRequest, row: DeliveryEndpoint, reason: str) -> None:
        disable_endpoint(endpoint=row, reason=reason)

    @with_reason("Enable the chosen endpoints")
    def enable(self, request: HttpRequest, row: DeliveryEndpoint, reason: str) -> None:
        enable_endpoint(endpoint=row, reason=reason)

    @with_reason("Send a test event to the chosen endpoints")
    def test(self, request: HttpRequest, row: DeliveryEndpoint, reason: str) -> None:
        send_test(endpoint=row)


@admin.register(Delivery)
class DeliveryAdmin(OfTheTenant):
    list_display = ("pos", "endpoint", "status", "attempts", "last_status_code", "next_attempt_at", "delivered_at")
    list_select_related = ("endpoint",)
    list_filter = ("status", reference_filter("endpoint_id", "endpoint"), MadeFilter)
    actions = ("retry",)

    @with_reason("Try the chosen deliveries again")
    def retry(self, request: HttpRequest, row: Delivery, reason: str) -> None:
        retry_delivery(delivery=row, reason=reason)


@admin.register(Projection)
class ProjectionAdmin(OfTheTenant):
    list_display = ("name", "position", "updated_at")


@admin.register(SchemaMigration)
class SchemaMigrationAdmin(OfTheTenant):
    list_display = ("version", "description", "installed_on")
    list_per_page = 1000


@admin.register(SubjectKey)
class SubjectKeyAdmin(OfTheTenant):
    """That a person has a key, and whether it was destroyed; never the key."""

    list_display = ("user_id", "created_at", "destroyed_at")
    list_filter = (reference_filter("user_id", "person"),)
    fields = ("user_id", "created_at", "destroyed_at")


@admin.register(Epoch)
class EpochAdmin(OfTheTenant):
    list_display = ("origin", "number", "first_pos", "opened_at", "closed_at")
    fields = ("origin", "number", "key", "leaf_version", "first_pos", "opened_at", "closed_at", "reason")
    readonly_fields = ("key",)
    panels: ClassVar[Any] = (Panel(Checkpoint, "epoch_id", ("tree_size", "signed_at")),)

    @admin.display(description="key (give it to verifiers)")
    def key(self, epoch: Epoch) -> str:
        return str(key_of(epoch))


@admin.register(Checkpoint)
class CheckpointAdmin(OfTheTenant):
    list_display = ("tree_size", "epoch", "signed_at")
    list_select_related = ("epoch",)
    list_filter = (reference_filter("epoch_id", "epoch"),)
    fields = ("epoch", "tree_size", "root", "note", "signed_at")
    readonly_fields = ("root",)
    actions = ("verify",)
    panels: ClassVar[Any] = (Panel(Cosignature, "checkpoint_id", ("witness_name", "created_at")),)

    @admin.display(description="root hash")
    def root(self, checkpoint: Checkpoint) -> str:
        return b64encode(bytes(checkpoint.root_hash)).decode()

    @with_reason("Verify the events under the chosen checkpoints")
    def verify(self, request: HttpRequest, row: Checkpoint, reason: str) -> None:
        """Hash the newest of them again. A long log is verified whole offline (docs/verifying.md)."""
        found = verify_range(checkpoint=row, first=max(0, row.tree_size - MOST_EVENTS))
        tell = messages.error if found.problem else messages.info
        tell(request, f"{row.epoch.origin}: {found}")


@admin.register(Cosignature)
class CosignatureAdmin(OfTheTenant):
    list_display = ("witness_name", "checkpoint", "created_at")
    list_select_related = ("checkpoint",)
    list_filter = (reference_filter("checkpoint_id", "checkpoint"),)
    fields = ("checkpoint", "witness_name", "key_id", "created_at")


@admin.register(Tile)
class TileAdmin(OfTheTenant):
    list_display = ("epoch", "level", "index", "width")
    list_select_related = ("epoch",)
    list_filter = (reference_filter("epoch_id", "epoch"),)
    fields = ("epoch", "level", "index", "width", "updated_at")
