"""Writing to the log, sealing and verifying it, and what is made from it: the activity feed, outgoing webhooks."""

from audit.services.changes import changes_of
from audit.services.log import Subject, ensure_partitions, record
from audit.services.sealing import add_cosignature, await_sealed, close_epoch, seal
from audit.services.verification import verify_range

__all__ = [
    "Subject",
    "add_cosignature",
    "await_sealed",
    "changes_of",
    "close_epoch",
    "ensure_partitions",
    "record",
    "seal",
    "verify_range",
]
