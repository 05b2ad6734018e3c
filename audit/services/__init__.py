"""Writing to the log, and what is made from it: the activity feed, outgoing webhooks."""

from audit.services.changes import changes_of
from audit.services.log import Subject, ensure_partitions, record

__all__ = ["Subject", "changes_of", "ensure_partitions", "record"]
