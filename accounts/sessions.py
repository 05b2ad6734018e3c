"""The session engine: rows in PostgreSQL, found by the digest of the key, gone for every process when deleted.

There is no cache in front: finding the session and its person is one call, and a revoked session must not live on in a
cache (docs/decisions/0003-sessions.md). An anonymous visitor has no row.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase, UpdateError

from accounts.models import Session
from common import context
from common.context import SYSTEM, Principal
from common.origin import exact
from common.tenancy import system_call, tenant_context


def digest(session_key: str) -> bytes:
    return hashlib.sha256(session_key.encode()).digest()


def origin() -> dict[str, Any]:
    """Return where the running request comes from, for its owner to recognise the session by."""
    running = context.current()
    return {"ip_address": exact(running.address), "user_agent": running.user_agent[:1000].replace("\x00", "")}


class SessionStore(SessionBase):
    """Django's session interface over `accounts.Session`."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.principal: Principal | None = None
        self._is_new = False

    def _row(self, session_key: str | None) -> dict[str, Any] | None:
        if not session_key:
            return None
        rows = system_call("find_session", digest(session_key))
        return rows[0] if rows else None

    def load(self) -> dict[str, Any]:
        row = self._row(self.session_key)
        if row is None:
            self._session_key = None
            return {}
        data = self.decode(row["data"])
        self.principal = Principal(
            tenant_id=row["tenant_id"],
            user_id=row["user_id"],
            label=row["label"],
            role=row["role"],
            credential=row["session_id"],
            proved_at=datetime.fromtimestamp(data["proved_at"], UTC) if "proved_at" in data else None,
        )
        return data

    def exists(self, session_key: str) -> bool:
        return self._row(session_key) is not None

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # Django's own protocol
        self._is_new = True
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # Django's own protocol
        if "tenant_id" not in data:
            return
        encoded = self.encode(data)
        own = {"digest": digest(self.session_key or ""), "user_id": UUID(data["user_id"])}
        with tenant_context(UUID(data["tenant_id"]), actor=SYSTEM):
            if self._is_new:
                Session.objects.create(**own, data=encoded, expires_at=self.get_expiry_date(), **origin())
                self._is_new = False
            # When it ends was said at the sign-in: whoever took a session over cannot keep it alive.
            elif not Session.objects.filter(**own).update(data=encoded):
                # Ended while this request ran: writing it again would undo a revocation.
                raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        row = self._row(key)
        if row is None or key is None:
            return
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            Session.objects.filter(digest=digest(key)).delete()
