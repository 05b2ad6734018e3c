"""What accounts sweeps away."""

from accounts.jobs import purge_expired
from accounts.models import IdempotencyKey
from accounts.services.idempotency import reserve
from tests.world import World


def test_old_idempotency_keys_of_every_tenant_are_purged(world: World, other_world: World) -> None:
    for own in (world, other_world):
        with own.as_("engineer"):
            reserve(own.engineer.principal(), route="r", key="k", fingerprint="f")
            IdempotencyKey.objects.update(expires_at="2026-01-01T00:00:00Z")
    purge_expired()
    for own in (world, other_world):
        with own.as_("engineer"):
            assert not IdempotencyKey.objects.exists()
