"""How long what is made from the log is kept. The log itself is never purged, only archived by the month."""

from audit.models import ActivityItem, Delivery
from common.retention import delete_some, keep

keep("activity", lambda before, limit: delete_some(ActivityItem.objects.filter(created_at__lt=before), limit))
# Of those that are over: what may still arrive has no age.
keep(
    "deliveries",
    lambda before, limit: delete_some(
        Delivery.objects.filter(next_attempt_at__isnull=True, created_at__lt=before), limit
    ),
)
