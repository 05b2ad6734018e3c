"""What the room asks of a storage, asked of each: a folder, and a bucket where moto and requirements-s3 are there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from common.files.serving import open_stored, read_stored
from common.files.storage import Store, store
from common.files.sweep import sweep_orphans
from common.ids import uuid7
from common.tests.files import TENANT, THINGS, png, take


@pytest.fixture(params=["disk", "bucket"])
def room(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        if request.param == "disk":
            yield store()
            return
        moto: Any = pytest.importorskip("moto")
        pytest.importorskip("storages")
        with moto.mock_aws():
            bucket: Any = import_module("common.files.s3").BucketStorage(
                bucket_name="files", access_key="id", secret_key="secret", region_name="us-east-1", location="here"
            )
            bucket.connection.create_bucket(Bucket="files")

            for module in ("intake", "serving", "sweep"):
                monkeypatch.setattr(f"common.files.{module}.store", lambda: bucket)
            yield bucket


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def test_bytes_come_back_whole_and_in_part(room: Store) -> None:
    content = b"line\n" * 40_000
    stored = take(content)
    assert read_stored(stored) == content
    assert b"".join(room.pieces(stored.key, 70_000, 140_001)) == content[70_000:140_001]
    assert room.size(stored.key) == len(content)
    assert b"".join(open_stored(take(b"").key, 0)) == b""
    assert list(room.incoming().iterdir()) == []


def test_what_is_not_there_is_said_to_be_missing(room: Store) -> None:
    key = THINGS.key(TENANT, "0" * 64)
    with pytest.raises(FileNotFoundError):
        room.size(key)
    with pytest.raises(FileNotFoundError):
        list(room.pieces(key, 0, 1))
    assert room.freshen(key, 1) is False
    assert room.remove_aged(key, soon()) is False


def test_old_keys_are_listed_by_tenant_and_removed(room: Store) -> None:
    other = uuid7()
    first, second, foreign = take(b"1"), take(png()), take(b"1", tenant_id=other)
    assert sorted(room.tenants("things")) == sorted([str(TENANT), str(other)])
    assert list(room.tenants("nothing")) == []
    assert sorted(room.aged("things", str(TENANT), soon())) == sorted([first.key, second.key])
    assert list(room.aged("things", str(TENANT), datetime.now(UTC) - timedelta(hours=1))) == []
    assert room.remove_aged(first.key, datetime.now(UTC) - timedelta(hours=1)) is False
    assert room.remove_aged(first.key, soon()) is True
    assert list(room.aged("things", str(TENANT), soon())) == [second.key]
    assert read_stored(foreign) == b"1"


def test_a_sweep_goes_over_all_tenants(room: Store) -> None:
    kept, lost, foreign = take(b"1"), take(b"2"), take(b"2", tenant_id=uuid7())
    assert sweep_orphans(THINGS, lambda tenant, digests: {kept.sha256}, timedelta(hours=-1)) == 2
    for gone in (lost, foreign):
        with pytest.raises(FileNotFoundError):
            room.size(gone.key)
    assert read_stored(kept) == b"1"
