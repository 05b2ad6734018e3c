"""The room itself: streamed in, hashed, limited, moved at once; given out checked; swept."""

import errno
import hashlib
import io
import os
import threading
import tracemalloc
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from common.api.ranges import RangeNotSatisfiable
from common.files.errors import FileDamaged, FileRefused, FileTooLarge, StorageFull, UploadIncomplete
from common.files.intake import keep, receive
from common.files.kinds import MIB, Kind, Stored, checked
from common.files.serving import inert_response, open_stored, read_stored
from common.files.storage import store
from common.files.sweep import sweep_incoming, sweep_orphans
from common.ids import uuid7
from common.tests.files import OPAQUE, TENANT, THINGS, png, take

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def age(root: Path, stored: Stored, days: int = 2) -> None:
    moment = (root / stored.key).stat().st_mtime - days * 86400
    os.utime(root / stored.key, (moment, moment))


class Endless:
    """A stream that never ends, and knows how much was taken."""

    taken = 0

    def read(self, size: int, /) -> bytes:
        self.taken += size
        return b"x" * size


# --- in -------------------------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300_000), name=st.text(max_size=60))
def test_any_bytes_come_back_and_nothing_leaves_the_root(root: Path, content: bytes, name: str) -> None:
    try:
        stored = take(content, kind=OPAQUE, file_name=name)
    except FileRefused:
        stored = take(content, kind=OPAQUE)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert read_stored(stored) == content
    path = (root / stored.key).resolve()
    assert path.is_relative_to(root.resolve())
    assert path.read_bytes() == content
    assert files_below(root / "incoming") == []


def test_the_same_bytes_again_change_nothing_and_tenants_do_not_meet(root: Path) -> None:
    first, again, other = take(b"same"), take(b"same"), take(b"same", tenant_id=uuid7())
    assert first == again
    assert first.key != other.key
    assert len(files_below(root)) == 2


def test_bytes_that_rotted_are_healed_by_sending_them_again(root: Path) -> None:
    stored = take(b"whole")
    (root / stored.key).write_bytes(b"wh")
    take(b"whole")
    assert read_stored(stored) == b"whole"


def test_a_stream_is_stopped_at_the_limit(root: Path) -> None:
    endless = Endless()
    with pytest.raises(FileTooLarge):
        receive(endless, kind=THINGS, tenant_id=TENANT, limit=1_000_000)
    assert endless.taken <= 1_000_000 + 2 * 65536
    assert files_below(root) == []


def test_a_limit_never_exceeds_the_kinds_own() -> None:
    with pytest.raises(FileTooLarge):
        receive(Endless(), kind=Kind("small", 10, frozenset()), tenant_id=TENANT, limit=10**12)


def test_a_large_file_takes_little_memory() -> None:
    class Large(Endless):
        def read(self, size: int, /) -> bytes:
            return super().read(size) if self.taken < 64 * MIB else b""

    tracemalloc.start()
    stored = receive(Large(), kind=OPAQUE, tenant_id=TENANT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stored.size == 64 * MIB
    assert peak < 2 * MIB


def test_a_wrong_digest_is_refused(root: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(b"text", declared_sha256="0" * 64)
    assert (refusal.value.status, refusal.value.code) == (422, "digest_mismatch")
    assert files_below(root) == []
    assert take(b"text", declared_sha256=hashlib.sha256(b"text").hexdigest().upper()).size == 4


@pytest.mark.parametrize("length", [3, 5])
def test_a_body_of_another_length_than_announced_is_refused(root: Path, length: int) -> None:
    with pytest.raises(UploadIncomplete):
        receive(io.BytesIO(b"text"), kind=THINGS, tenant_id=TENANT, length=length)
    assert files_below(root) == []


def test_a_full_disk_is_said_to_be_full(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull) as refusal:
        take(b"text")
    assert refusal.value.status == 507
    assert files_below(root) == []


def test_many_at_once_store_one_file(root: Path) -> None:
    threads = [threading.Thread(target=take, args=(b"same" * 50_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [path] = files_below(root)
    assert path.read_bytes() == b"same" * 50_000


def test_a_kept_content_that_is_there_is_not_written_again(root: Path) -> None:
    stored = keep(b"chunk", kind=OPAQUE, tenant_id=TENANT)
    before = (root / stored.key).stat()
    age(root, stored)
    assert keep(b"chunk", kind=OPAQUE, tenant_id=TENANT) == stored
    after = (root / stored.key).stat()
    assert (after.st_ino, after.st_mtime >= before.st_mtime) == (before.st_ino, True)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../etc/passwd",
        f"things/{TENANT}/ab/../../x",
        f"/things/{TENANT}/00/{'0' * 64}",
        f"things/{TENANT}/ab/{'0' * 64}",
    ],
)
def test_what_is_no_key_opens_nothing(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        checked(key)
    with pytest.raises(ValueError, match="not a key"):
        b"".join(store().pieces(key, 0, 1))


# --- out ------------------------------------------------------------------------------------------------------------


def get(**headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("change", [b"", b"short", b"other bytes!"])
def test_damage_is_noticed_before_the_whole_is_out(root: Path, change: bytes) -> None:
    stored = take(b"right bytes!")
    (root / stored.key).write_bytes(change)
    with pytest.raises(FileDamaged):
        b"".join(open_stored(stored.key, stored.size))
    (root / stored.key).unlink()
    with pytest.raises(FileDamaged):
        open_stored(stored.key, stored.size)


def test_damage_behind_the_first_piece_never_ends_as_a_whole(root: Path) -> None:
    stored = take(b"x" * 200_000)
    (root / stored.key).write_bytes(b"x" * 199_999 + b"y")
    out: list[bytes] = []
    with pytest.raises(FileDamaged):
        out.extend(open_stored(stored.key, stored.size))
    assert len(b"".join(out)) < stored.size


def test_a_file_is_answered_with_its_digest_and_name() -> None:
    response = inert_response(get(), take(png(), file_name="Übersicht.png"))
    assert response["ETag"] == f'"{hashlib.sha256(png()).hexdigest()}"'
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cbersicht.png"
    assert response["Content-Length"] == str(len(png()))
    assert response["Cache-Control"] == "private, no-cache"
    assert body(response) == png()


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=2-4", b"cde"), ("bytes=7-", b"hij"), ("bytes=-2", b"ij"), ("bytes=0-99", b"abcdefghij")]
)
def test_a_range_is_answered(asked: str, part: bytes) -> None:
    response = inert_response(get(Range=asked), take(b"abcdefghij"))
    assert (response.status_code, body(response)) == (206, part)
    assert response["Content-Range"].endswith("/10")


def test_a_range_of_another_version_is_answered_whole() -> None:
    response = inert_response(get(**{"Range": "bytes=2-4", "If-Range": '"other"'}), take(b"abcdefghij"))
    assert (response.status_code, body(response)) == (200, b"abcdefghij")


def test_a_range_behind_the_end_is_refused() -> None:
    with pytest.raises(RangeNotSatisfiable):
        inert_response(get(Range="bytes=10-"), take(b"abcdefghij"))


def test_who_has_it_already_gets_nothing() -> None:
    stored = take(b"abc")
    response = inert_response(get(**{"If-None-Match": f'"x", W/"{stored.sha256}"'}), stored)
    assert (response.status_code, response["ETag"]) == (304, f'"{stored.sha256}"')


# --- sweeping -------------------------------------------------------------------------------------------------------


def naming(*stored: Stored) -> Any:
    def referenced(tenant: UUID, digests: Collection[str]) -> set[str]:
        named = {each.sha256 for each in stored if f"/{tenant}/" in each.key}
        return named & set(digests)

    return referenced


def test_only_what_is_old_and_unnamed_is_swept(root: Path) -> None:
    named, orphan, fresh, foreign = take(b"1"), take(b"2"), take(b"3"), take(b"1", tenant_id=uuid7())
    for stored in (named, orphan, foreign):
        age(root, stored)
    assert sweep_orphans(THINGS, naming(named), DAY) == 2
    assert {path.relative_to(root).as_posix() for path in files_below(root)} == {named.key, fresh.key}
    assert sweep_orphans(THINGS, naming(named), DAY) == 0


def test_an_orphan_that_is_received_again_during_the_sweep_stays(root: Path) -> None:
    stored = take(b"again")
    age(root, stored)

    def referenced(tenant: UUID, digests: Collection[str]) -> set[str]:
        take(b"again")
        return set()

    assert sweep_orphans(THINGS, referenced, DAY) == 0
    assert read_stored(stored) == b"again"


def test_a_sweep_asks_in_bounded_batches(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.files.sweep.BATCH", 3)
    for number in range(8):
        age(root, take(str(number).encode()))
    asked: list[int] = []

    def referenced(tenant: UUID, digests: Collection[str]) -> set[str]:
        asked.append(len(digests))
        return set()

    assert sweep_orphans(THINGS, referenced, DAY) == 8
    assert asked == [3, 3, 2]


def test_what_a_killed_process_left_half_received_is_swept(root: Path) -> None:
    (root / "incoming").mkdir()
    for name, days in (("old", 2), ("new", 0)):
        (root / "incoming" / name).write_bytes(b"half")
        moment = (root / "incoming" / name).stat().st_mtime - days * 86400
        os.utime(root / "incoming" / name, (moment, moment))
    assert sweep_incoming(DAY) == 1
    assert [path.name for path in files_below(root)] == ["new"]
