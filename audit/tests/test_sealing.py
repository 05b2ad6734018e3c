"""Sealing: every placed event is a leaf, in order; one root for a size; whoever crashes, the next one goes on."""

import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import connections

from audit.log import leaf, sealer
from audit.log.notes import public_key, verifier_key
from audit.log.sealer import Sealer, seal_all, seal_tenant
from audit.log.tiles import tree_of
from audit.log.verifier.notes import trusted_checkpoint
from audit.log.verifier.tree import Range, leaf_hash
from audit.models import Checkpoint, Epoch, Event, Position, Tile
from audit.queries import head, sealing_of
from audit.services.sealing import LogBroken, MissingLogKey, close_epoch, seal, signing_key
from audit.tests.places import place_all
from audit.tests.sealing import as_superuser, happen, log_key, newest, sealed, without_triggers
from common.tenancy import system_call
from tests.world import World


def root_of_the_table(world: World, epoch: Epoch, size: int) -> bytes:
    """The root over the events as they are in the table, without tiles."""
    tree = Range()
    with world.as_("system"):
        for _, line in leaf.leaves(after=epoch.first_pos - 1, upto=epoch.first_pos - 1 + size):
            tree.push(leaf_hash(line or b"gone"))
    assert tree.size == size
    return tree.root()


def test_a_leaf_holds_every_column_of_an_event() -> None:
    assert list(leaf.COLUMNS) == [field.column for field in Event._meta.local_concrete_fields]


def test_a_leaf_is_the_line_that_its_description_says(committed_world: World) -> None:
    happen(committed_world, 1)
    place_all()
    with committed_world.as_("system"):
        *_, (pos, line) = leaf.leaves(after=0, upto=head())
        event = Event.objects.get(id=Position.objects.get(pos=pos).event_id)
    assert line is not None
    text = line.decode()
    assert text.startswith(f'{{"leaf":1,"id":"{event.id}","tenant_id":"{event.tenant_id}","recorded_at":"')
    assert f'"recorded_at":"{event.recorded_at:%Y-%m-%dT%H:%M:%S.%f}Z"' in text
    assert '"schema_version":"1"' in text
    assert '"project_id":null' in text
    assert "«ü»" in text
    assert "\n" not in text


def test_everything_placed_is_sealed_in_order(committed_world: World) -> None:
    happen(committed_world, 300)
    checkpoint = sealed(committed_world)
    with committed_world.as_("system"):
        assert checkpoint.tree_size == head() > 300
        assert bytes(checkpoint.root_hash) == tree_of(checkpoint.epoch, checkpoint.tree_size).root()
    assert bytes(checkpoint.root_hash) == root_of_the_table(committed_world, checkpoint.epoch, checkpoint.tree_size)
    signed, _ = trusted_checkpoint(checkpoint.note, [log_key(checkpoint)])
    assert (signed.size, signed.root) == (checkpoint.tree_size, bytes(checkpoint.root_hash))
    assert signed.origin.endswith(f"/audit/{committed_world.tenant.id}/1")


def test_each_tenant_has_its_own_tree(committed_worlds: Callable[[], World]) -> None:
    first, second = committed_worlds(), committed_worlds()
    roots = {bytes(sealed(world).root_hash) for world in (first, second)}
    assert len(roots) == 2
    with second.as_("system"):
        assert set(Tile.objects.values_list("tenant_id", flat=True)) == {second.tenant.id}


def test_batches_of_any_size_give_the_same_tree(committed_world: World) -> None:
    happen(committed_world, 40)
    place_all()
    with committed_world.as_("system"):
        while seal(limit=7):
            pass
        sizes = list(Checkpoint.objects.order_by("tree_size").values_list("tree_size", flat=True))
        total = head()
        assert sizes == [*range(7, total, 7), total]
        for checkpoint in Checkpoint.objects.select_related("epoch"):
            assert bytes(checkpoint.root_hash) == tree_of(checkpoint.epoch, total).root(checkpoint.tree_size)


def test_nothing_new_signs_nothing(committed_world: World) -> None:
    before = sealed(committed_world)
    assert seal_tenant(committed_world.tenant.id) == 0
    assert newest(committed_world).id == before.id


def test_a_crash_in_the_middle_leaves_the_last_checkpoint_and_the_next_sealer_goes_on(committed_world: World) -> None:
    before = sealed(committed_world)
    happen(committed_world, 5)
    place_all()
    with (
        patch("audit.services.sealing.Checkpoint.objects.create", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        seal_tenant(committed_world.tenant.id)
    assert newest(committed_world).id == before.id
    after = sealed(committed_world)
    assert after.tree_size == before.tree_size + 5
    assert bytes(after.root_hash) == root_of_the_table(committed_world, after.epoch, after.tree_size)


def test_many_sealers_sign_one_root_for_each_size(committed_world: World) -> None:
    sealed(committed_world)
    happen(committed_world, 60)
    place_all()
    with committed_world.as_("system"):
        total = head()
    failures: list[BaseException] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        try:
            barrier.wait()
            signed = 0
            while signed < total:
                with committed_world.as_("system"):
                    checkpoint = seal(limit=3)
                signed = checkpoint.tree_size if checkpoint else newest(committed_world).tree_size
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with committed_world.as_("system"):
        for checkpoint in Checkpoint.objects.select_related("epoch"):
            assert bytes(checkpoint.root_hash) == tree_of(checkpoint.epoch, total).root(checkpoint.tree_size)
        assert newest(committed_world).tree_size == total


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM audit_position WHERE tenant_id = %(tenant)s AND pos = %(pos)s - 1",
        "UPDATE audit_position SET pos = pos + 1 WHERE tenant_id = %(tenant)s AND pos = %(pos)s",
        "UPDATE audit_position SET event_id = gen_random_uuid() WHERE tenant_id = %(tenant)s AND pos = %(pos)s",
    ],
)
def test_a_hole_in_the_log_is_never_signed_over(committed_world: World, damage: str) -> None:
    before = sealed(committed_world)
    happen(committed_world, 3)
    place_all()
    as_superuser(damage, tenant=committed_world.tenant.id, pos=before.tree_size + 3)
    with pytest.raises(LogBroken, match="has no event"):
        seal_tenant(committed_world.tenant.id)
    assert newest(committed_world).id == before.id


def test_nothing_is_signed_on_top_of_changed_tiles(committed_world: World, caplog: pytest.LogCaptureFixture) -> None:
    before = sealed(committed_world)
    happen(committed_world, 1)
    place_all()
    with without_triggers():
        change = "UPDATE audit_tile SET data = set_byte(data, 0, 255 - get_byte(data, 0)) WHERE epoch_id = %(epoch)s"
        as_superuser(change, epoch=before.epoch_id)
    with pytest.raises(LogBroken, match="not those of its checkpoint"):
        seal_tenant(committed_world.tenant.id)
    assert any(str(committed_world.tenant.id) in words for words in seal_all())
    Sealer().seal_now(committed_world.tenant.id)
    assert "the log is broken" in caplog.text
    assert newest(committed_world).id == before.id


def test_a_changed_key_begins_a_new_tree_and_the_log_says_what_it_follows(
    committed_world: World, settings: Any
) -> None:
    before = sealed(committed_world)
    settings.LOG_KEY = b"n" * 32
    happen(committed_world, 2)
    after = sealed(committed_world)
    assert (after.epoch.number, after.epoch.first_pos) == (2, before.tree_size + 1)
    assert bytes(after.epoch.public_key) == public_key(b"n" * 32)
    assert after.epoch.origin.endswith(f"/audit/{committed_world.tenant.id}/2")
    trusted_checkpoint(after.note, [verifier_key(after.epoch.origin, b"n" * 32)])
    assert bytes(after.root_hash) == root_of_the_table(committed_world, after.epoch, after.tree_size)
    with committed_world.as_("system"):
        assert Epoch.objects.get(number=1).closed_at
        started = Event.objects.get(event_type="log.epoch_started")
        assert before.note.split("\n")[2] in started.body
        assert Event.objects.filter(event_type="log.key_rotated").count() == 1


def test_a_closed_tree_is_followed_by_another_with_the_same_key(committed_world: World) -> None:
    before = sealed(committed_world)
    with committed_world.as_("system"):
        close_epoch(epoch=before.epoch, reason="restored from last night")
        close_epoch(epoch=before.epoch, reason="again")
        assert Epoch.objects.get(number=1).reason == "restored from last night"
    happen(committed_world, 1)
    after = sealed(committed_world)
    assert (after.epoch.number, after.epoch.first_pos) == (2, before.tree_size + 1)
    with committed_world.as_("system"):
        assert not Event.objects.filter(event_type="log.key_rotated").exists()


def test_without_a_key_nothing_is_sealed_and_the_relay_does_not_start(committed_world: World, settings: Any) -> None:
    settings.LOG_KEY = b""
    with pytest.raises(MissingLogKey):
        signing_key()
    with pytest.raises(MissingLogKey):
        call_command("relay")


def test_only_tenants_with_something_to_seal_are_named(committed_world: World) -> None:
    def named() -> bool:
        return committed_world.tenant.id in {row["tenant_id"] for row in system_call("unsealed_tenants")}

    place_all()
    assert named()
    sealed(committed_world)
    assert not named()
    happen(committed_world, 1)
    assert not named(), "it has no position yet"
    place_all()
    assert named()
    assert not [words for words in seal_all() if str(committed_world.tenant.id) in words]
    assert not named()


class Clock:
    """What `time.monotonic` says."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sealer, "time", clock)
    return clock


def work_off(sealer: Sealer, placed: list[dict[str, Any]] | None = None) -> None:
    """Step until nothing more is due now, as the relay does."""
    more = sealer.step(placed or [])
    while more:
        more = sealer.step()


def test_a_tenant_is_sealed_after_so_many_events_or_so_long(
    committed_world: World, clock: Clock, settings: Any
) -> None:
    settings.SEAL_EVENTS, settings.SEAL_SECONDS = 5, 2.0
    first = sealed(committed_world)
    one = Sealer(swept=clock.now)

    def step(times: int) -> int:
        happen(committed_world, times)
        rows = [row for row in place_all() if row["tenant_id"] == committed_world.tenant.id]
        work_off(one, rows)
        return newest(committed_world).tree_size - first.tree_size

    assert step(4) == 0
    assert step(1) == 5
    assert step(1) == 5
    clock.now += 2.0
    work_off(one)
    assert newest(committed_world).tree_size == first.tree_size + 6
    assert one.waiting == {}


def test_a_sweep_finds_what_a_crashed_relay_left(committed_world: World, clock: Clock) -> None:
    first = sealed(committed_world)
    happen(committed_world, 2)
    place_all()
    one = Sealer(swept=clock.now)
    work_off(one)
    assert newest(committed_world).id == first.id
    clock.now += sealer.SWEEP_SECONDS
    work_off(one)
    assert newest(committed_world).tree_size == first.tree_size + 2


def test_a_backlog_longer_than_a_batch_is_sealed_in_several_steps(
    committed_world: World, clock: Clock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEAL_EVENTS = 10
    monkeypatch.setattr(sealer, "seal", lambda: seal(limit=20))
    happen(committed_world, 50)
    total = len([row for row in place_all() if row["tenant_id"] == committed_world.tenant.id])
    one = Sealer()
    steps = 0
    while steps < 10 and (not steps or one.waiting.get(committed_world.tenant.id)):
        work_off(one)
        clock.now += settings.SEAL_SECONDS
        steps += 1
    assert newest(committed_world).tree_size >= total
    assert 3 <= steps <= 6


def test_the_sealing_of_an_event_is_the_first_checkpoint_over_it(committed_world: World) -> None:
    happen(committed_world, 1)
    with committed_world.as_("system"):
        event = Event.objects.latest("id")
        assert sealing_of(event.id) is None
    sealed(committed_world)
    with committed_world.as_("system"):
        checkpoint = sealing_of(event.id)
        assert checkpoint
    happen(committed_world, 3)
    sealed(committed_world)
    with committed_world.as_("system"):
        assert sealing_of(event.id) == checkpoint


@pytest.mark.usefixtures("relay")
def test_a_running_relay_seals_within_moments(committed_world: World) -> None:
    happen(committed_world, 1)
    with committed_world.as_("system"):
        event = Event.objects.latest("id")
    until = time.monotonic() + 20
    found = None
    while found is None and time.monotonic() < until:
        time.sleep(0.05)
        with committed_world.as_("system"):
            found = sealing_of(event.id)
    assert found
