"""Writing to the log, sealing and verifying it, and what is made from it: the activity feed, outgoing webhooks."""

from audit.services.changes import changes_of
from audit.services.deliveries import claim_deliveries, retry_delivery, settle_delivery
from audit.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
    send_test,
    update_endpoint,
)
from audit.services.external import record_external
from audit.services.log import Subject, ensure_partitions, record
from audit.services.projections import catch_up, restart_activity
from audit.services.rounds import deliver_due
from audit.services.sealing import add_cosignature, close_epoch, seal
from audit.services.verification import verify_range

__all__ = [
    "Subject",
    "add_cosignature",
    "catch_up",
    "changes_of",
    "claim_deliveries",
    "close_epoch",
    "create_endpoint",
    "delete_endpoint",
    "deliver_due",
    "disable_endpoint",
    "enable_endpoint",
    "ensure_partitions",
    "record",
    "record_external",
    "restart_activity",
    "retry_delivery",
    "rotate_secret",
    "seal",
    "send_test",
    "settle_delivery",
    "update_endpoint",
    "verify_range",
]
