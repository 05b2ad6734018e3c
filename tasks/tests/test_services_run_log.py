"""A run's output: appended under the lease, repeatable, gaps refused."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from common.errors import Conflict, Forbidden, LeaseLost
from common.files.errors import FileDamaged
from common.ids import sha256_hex
from tasks.models import Execution, ExecutionLog
from tasks.services import append_log, lease_token
from tasks.services.leases import LeaseClaim
from tasks.services.run_log import MAX_CHUNK, MAX_LOG, RUN_LOGS, LogTooLarge, content_of, sweep_run_logs
from tests.work import acting, complete, events_of, run_out, started
from tests.world import World


@pytest.fixture(autouse=True)
def _storage_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def claim(world: World) -> LeaseClaim:
    return started(world)[1]


def append(world: World, claim: LeaseClaim, offset: int, content: bytes) -> int:
    with acting(world, "agent"):
        return append_log(claim=claim, offset=offset, content=content)


def chunks(world: World) -> list[tuple[int, int]]:
    with world.as_("system"):
        return list(ExecutionLog.objects.order_by("offset").values_list("offset", "size"))


def test_output_is_appended_in_order_and_is_no_event(world: World, claim: LeaseClaim) -> None:
    before = events_of(world)
    assert append(world, claim, 0, b"hello ") == 6
    assert append(world, claim, 6, b"world\n\xff") == 13
    assert chunks(world) == [(0, 6), (6, 7)]
    with world.as_("system"):
        assert Execution.objects.get().log_size == 13
    assert events_of(world) == before


def test_the_bytes_are_stored_under_their_tenant_and_digest(world: World, claim: LeaseClaim, tmp_path: Path) -> None:
    append(world, claim, 0, b"hello")
    key = RUN_LOGS.key(world.tenant.id, sha256_hex(b"hello"))
    assert (tmp_path / key).read_bytes() == b"hello"
    with world.as_("system"):
        assert content_of(ExecutionLog.objects.get()) == b"hello"


def test_a_chunk_that_was_changed_on_disk_is_not_shown(world: World, claim: LeaseClaim, tmp_path: Path) -> None:
    append(world, claim, 0, b"hello")
    (tmp_path / RUN_LOGS.key(world.tenant.id, sha256_hex(b"hello"))).write_bytes(b"jello")
    with world.as_("system"), pytest.raises(FileDamaged):
        content_of(ExecutionLog.objects.get())


def test_the_same_bytes_again_change_nothing(world: World, claim: LeaseClaim) -> None:
    append(world, claim, 0, b"hello")
    append(world, claim, 5, b"hello")
    assert append(world, claim, 0, b"hello") == 10
    assert append(world, claim, 5, b"hello") == 10
    assert chunks(world) == [(0, 5), (5, 5)]


@pytest.mark.parametrize(("offset", "content"), [(6, b"x"), (0, b"other"), (4, b"o!"), (0, b"hel"), (3, b"")])
def test_a_gap_or_other_bytes_are_refused_with_the_size_that_is_expected(
    world: World, claim: LeaseClaim, offset: int, content: bytes
) -> None:
    append(world, claim, 0, b"hello")
    if not content:
        assert append(world, claim, offset, content) == 5
        return
    with pytest.raises(Conflict) as refusal:
        append(world, claim, offset, content)
    assert (refusal.value.code, refusal.value.extra["expected"]) == ("log_offset", 5)
    assert chunks(world) == [(0, 5)]


@pytest.mark.parametrize(("offset", "size"), [(0, MAX_CHUNK + 1), (MAX_LOG, 1)])
def test_a_chunk_or_a_log_that_is_too_large_is_refused(world: World, claim: LeaseClaim, offset: int, size: int) -> None:
    with pytest.raises(LogTooLarge):
        append(world, claim, offset, b"x" * size)


def test_only_the_holder_of_the_lease_appends(world: World, claim: LeaseClaim) -> None:
    with pytest.raises(Forbidden):
        append(world, replace(claim, token=lease_token(uuid4())), 0, b"x")
    run_out(world, claim.execution_id)
    with pytest.raises(LeaseLost):
        append(world, claim, 0, b"x")
    assert chunks(world) == []


def test_a_chunk_whose_append_was_refused_is_swept_after_a_day(world: World, claim: LeaseClaim, tmp_path: Path) -> None:
    append(world, claim, 0, b"kept")
    with pytest.raises(Forbidden):
        append(world, replace(claim, token=lease_token(uuid4())), 4, b"lost")
    assert sweep_run_logs() == 0
    for path in (tmp_path / "run_logs").rglob("*"):
        os.utime(path, (0, 0))
    assert sweep_run_logs() == 1
    with world.as_("system"):
        assert content_of(ExecutionLog.objects.get()) == b"kept"


def test_a_run_that_has_ended_says_nothing_more(world: World, claim: LeaseClaim) -> None:
    append(world, claim, 0, b"x")
    complete(world, claim)
    with pytest.raises(LeaseLost):
        append(world, claim, 1, b"y")
