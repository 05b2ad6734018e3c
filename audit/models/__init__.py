"""The log and what is made from it: positions, the activity feed, the Merkle tree, outgoing webhooks."""

from audit.models.activity import ActivityItem, ActivityVisibility
from audit.models.delivery import Delivery, DeliveryEndpoint, DeliveryStatus
from audit.models.event import AudienceChoices, Event, SourceChoices
from audit.models.merkle import Checkpoint, Cosignature, Epoch, Tile
from audit.models.outbox import Pending, Position
from audit.models.privacy import SubjectKey
from audit.models.projection import Projection
from audit.models.schema import SchemaMigration

__all__ = [
    "ActivityItem",
    "ActivityVisibility",
    "AudienceChoices",
    "Checkpoint",
    "Cosignature",
    "Delivery",
    "DeliveryEndpoint",
    "DeliveryStatus",
    "Epoch",
    "Event",
    "Pending",
    "Position",
    "Projection",
    "SchemaMigration",
    "SourceChoices",
    "SubjectKey",
    "Tile",
]
