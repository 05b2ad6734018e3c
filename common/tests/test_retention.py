"""One job forgets what is old enough, kind by kind, in every tenant."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import Error, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccountLink, IdempotencyKey, Notification, Session
from audit.models import ActivityItem, ActivityVisibility, Delivery, Event
from audit.services import create_endpoint
from common import retention
from common.ids import uuid7
from common.jobs import purge
from common.retention import KINDS, delete_some, purge_everything
from tasks.models import QuarantinedWrite
from tasks.retention import purge_quarantined_writes, purge_run_logs
from tasks.services import append_log, release_execution
from tests.work import acting, complete, sql, started
from tests.world import World

LONG_AGO = "2025-01-01T00:00:00Z"
Make = Callable[[World, bool], Any]


def test_every_kind_has_its_own_age() -> None:
    assert set(KINDS) == set(configured.RETENTION_DAYS)
    assert set(KINDS) == {
        *("account_links", "idempotency_keys", "sessions", "notifications"),
        *("activity", "deliveries", "quarantined_writes", "run_logs"),
    }


def key(world: World, old: bool) -> Any:
    moment = timezone.now() + timedelta(hours=-1 if old else 1)
    return IdempotencyKey.objects.create(
        principal_id=world.viewer.id, route="r", key=str(old), fingerprint="f", expires_at=moment
    )


def account_link(world: World, old: bool) -> Any:
    moment = timezone.now() + timedelta(hours=-1 if old else 1)
    purpose = "invitation" if old else "reset"
    return AccountLink.objects.create(
        user=world.viewer, purpose=purpose, digest=uuid7().bytes * 2, by_mail=False, expires_at=moment
    )


def session(world: World, old: bool) -> Any:
    moment = timezone.now() + timedelta(hours=-1 if old else 1)
    return Session.objects.create(user=world.viewer, digest=uuid7().bytes * 2, data="", expires_at=moment)


def aged(row: Any, old: bool) -> Any:
    if old:
        type(row).objects.filter(id=row.id).update(created_at=LONG_AGO)
    return row


def notification(world: World, old: bool) -> Any:
    return aged(Notification.objects.create(user=world.viewer, kind="k", title="t", url="/"), old)


def activity(world: World, old: bool) -> Any:
    item = ActivityItem.objects.create(event_id=uuid7(), kind="k", sentence="s")
    ActivityVisibility.objects.create(item=item, user_id=world.viewer.id)
    return aged(item, old)


def delivery(world: World, old: bool) -> Any:
    endpoint = create_endpoint(url="https://hooks.example.org/")
    event = Event.objects.latest("id")
    return aged(Delivery.objects.create(endpoint=endpoint, event_id=event.id, pos=1, status="dead"), old)


MAKE: dict[str, Make] = {
    "account_links": account_link,
    "idempotency_keys": key,
    "sessions": session,
    "notifications": notification,
    "activity": activity,
    "deliveries": delivery,
}


@pytest.mark.parametrize("kind", MAKE)
def test_what_is_old_is_purged_in_every_tenant_and_the_rest_stays(world: World, other_world: World, kind: str) -> None:
    rows = {}
    for one in (world, other_world):
        with one.as_("system"):
            rows[one.tenant.id] = [MAKE[kind](one, old) for old in (True, False)]
    assert purge_everything()[kind] == 2
    for one in (world, other_world):
        old, young = rows[one.tenant.id]
        with one.as_("system"):
            assert not type(old).objects.filter(id=old.id).exists()
            assert type(young).objects.filter(id=young.id).exists()


def test_a_delivery_that_may_still_arrive_has_no_age(world: World) -> None:
    with world.as_("system"):
        row = delivery(world, True)
        Delivery.objects.filter(id=row.id).update(status="failed", next_attempt_at=timezone.now())
    assert purge_everything()["deliveries"] == 0


def test_the_setting_decides(world: World, settings: Settings) -> None:
    with world.as_("system"):
        row = notification(world, False)
        Notification.objects.filter(id=row.id).update(created_at=timezone.now() - timedelta(days=3))
    assert purge_everything()["notifications"] == 0
    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"notifications": 2}
    assert purge_everything()["notifications"] == 1


def test_a_purge_goes_in_batches_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with world.as_("system"):
        for _ in range(5):
            notification(world, True)
    assert purge_everything()["notifications"] == 5
    with world.as_("system"):
        for _ in range(5):
            notification(world, True)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    assert purge_everything()["notifications"] == 4


def test_one_kind_that_fails_keeps_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(before: Any, limit: int) -> int:
        raise RuntimeError

    monkeypatch.setitem(KINDS, "idempotency_keys", retention.Kind("idempotency_keys", fail))
    with world.as_("system"):
        notification(world, True)
    assert purge_everything()["notifications"] == 1


def test_delete_some_takes_no_more_than_it_is_told(world: World) -> None:
    with world.as_("system"):
        for _ in range(3):
            notification(world, True)
        assert delete_some(Notification.objects.all(), 2) == 2
        assert Notification.objects.count() == 1


def test_run_logs_and_late_writes_are_young_and_stay_whoever_asks(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        append_log(claim=claim, offset=0, content=b"hello")
    complete(world, claim)
    with acting(world, "agent"), pytest.raises(Exception, match=r"ended"):
        release_execution(claim=claim)
    with world.as_("system"):
        assert QuarantinedWrite.objects.exists()
        # A day old at least, whatever is asked for.
        assert purge_run_logs(timezone.now() + timedelta(days=1), 10) == 0
        assert purge_quarantined_writes(timezone.now() + timedelta(days=1), 10) == 0
    purge()
    for table in ("tasks_executionlog", "tasks_quarantinedwrite"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET created_at = now()"):  # noqa: S608  # ours
            with pytest.raises(Error, match=r"permission denied|append-only"), transaction.atomic():
                sql(world, statement)
