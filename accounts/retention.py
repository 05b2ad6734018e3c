"""How long what people leave behind is kept. One-time tickets need no sweep: Redis forgets them after 30 seconds."""

from accounts.models import AccountLink, IdempotencyKey, Notification, Session
from common.retention import delete_some, keep

# Their ages count from when they expired: a setting of 0 removes them with the next run.
keep("idempotency_keys", lambda before, limit: delete_some(IdempotencyKey.objects.filter(expires_at__lt=before), limit))
keep("sessions", lambda before, limit: delete_some(Session.objects.filter(expires_at__lt=before), limit))
keep("notifications", lambda before, limit: delete_some(Notification.objects.filter(created_at__lt=before), limit))
keep("account_links", lambda before, limit: delete_some(AccountLink.objects.filter(expires_at__lt=before), limit))
