"""`Idempotency-Key`: a retried write takes effect once and gets the first answer again.

The key's row is inserted in the transaction of the write: a twin that runs at the same time waits on the unique index.
"""

import hashlib
from datetime import timedelta

from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.models import IdempotencyKey
from common.api.idempotency import StoredAnswer
from common.context import Principal
from common.errors import Conflict, Invalid

KEPT = timedelta(hours=24)
MAX_LENGTH = 255


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return the digest that tells a retry from another request with the same key."""
    return hashlib.sha256(method.encode() + b"\0" + path.encode() + b"\0" + body).hexdigest()


def reserve(principal: Principal, *, route: str, key: str, fingerprint: str) -> StoredAnswer | None:
    """Take the key, or return the answer it was given before.

    Raises `Invalid` for the same key with another request, `Conflict` while the first one still runs.
    """
    if not key or not key.isascii() or not key.isprintable() or len(key) > MAX_LENGTH:
        raise Invalid("Idempotency-Key must be 1 to 255 printable ASCII characters.", code="bad_idempotency_key")
    row = IdempotencyKey(
        principal_id=principal.id, route=route[:200], key=key, fingerprint=fingerprint, expires_at=timezone.now() + KEPT
    )
    try:
        with transaction.atomic():
            IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    except OperationalError as error:
        raise Conflict(
            "The first request with this key is still running; try again.", code="request_running"
        ) from error
    stored = IdempotencyKey.objects.get(principal_id=principal.id, route=route[:200], key=key)
    if stored.id == row.id:
        return None
    if stored.fingerprint != fingerprint:
        raise Invalid(
            "This Idempotency-Key was used for another request; take a new one.", code="idempotency_key_reused"
        )
    if stored.status is None:
        raise Conflict("The first request with this key is still running; try again.", code="request_running")
    return StoredAnswer(stored.status, stored.body or "")


def store(principal: Principal, *, route: str, key: str, answer: StoredAnswer) -> None:
    """Keep the answer beside the key."""
    IdempotencyKey.objects.filter(principal_id=principal.id, route=route[:200], key=key).update(
        status=answer.status, body=answer.body
    )


def release(principal: Principal, *, route: str, key: str) -> None:
    """Forget a key whose request was refused before it did anything, so that it can be corrected and sent again."""
    IdempotencyKey.objects.filter(principal_id=principal.id, route=route[:200], key=key).delete()
