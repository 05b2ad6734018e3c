"""Where idempotency keys are kept: the store is named in settings (`IDEMPOTENCY_STORE`), because it lives above us."""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from common.context import Principal


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer a request got."""

    status: int
    body: str


class IdempotencyStore(Protocol):
    def fingerprint(self, method: str, path: str, body: bytes) -> str: ...

    def reserve(self, principal: Principal, *, route: str, key: str, fingerprint: str) -> StoredAnswer | None: ...

    def store(self, principal: Principal, *, route: str, key: str, answer: StoredAnswer) -> None: ...

    def release(self, principal: Principal, *, route: str, key: str) -> None: ...


def store() -> IdempotencyStore:
    return cast(IdempotencyStore, import_module(settings.IDEMPOTENCY_STORE))
