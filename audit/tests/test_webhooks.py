"""Endpoints and deliveries: made from the log, signed, tried again, given up, disabled."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.services import update_user
from audit.models import Delivery, DeliveryEndpoint, Event
from audit.queries import head
from audit.services import (
    catch_up,
    claim_deliveries,
    create_endpoint,
    deliver_due,
    disable_endpoint,
    enable_endpoint,
    retry_delivery,
    rotate_secret,
    send_test,
    settle_delivery,
    update_endpoint,
)
from audit.services.deliveries import SCHEDULE
from audit.tests.places import place_all
from audit.tests.receiver import Receiver, listening
from audit.webhooks.sender import Answer
from audit.webhooks.signing import signature
from common.errors import Conflict, Invalid
from projects.services import update_project
from tests.work import events_of, make_task
from tests.world import Client, World

URL = "https://hooks.example.org/in"
BAD = Answer(500, "oops")


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with listening() as found:
        yield found


def endpoint_of(world: World, url: str = URL, **values: Any) -> DeliveryEndpoint:
    place_all()  # so that what happened before is no business of the endpoint
    with world.as_("admin"):
        return create_endpoint(url=url, created_by=world.admin.id, **values)


def project(world: World) -> None:
    """Place what was recorded and make deliveries from it, as relay and projector do."""
    place_all()
    with world.as_("system"):
        while catch_up():
            pass


def deliveries(world: World) -> list[Delivery]:
    with world.as_("system"):
        return list(Delivery.objects.order_by("pos"))


def due_now(world: World) -> None:
    with world.as_("system"):
        Delivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())


def kinds(world: World) -> list[str]:
    with world.as_("system"):
        types = dict(Event.objects.values_list("id", "event_type"))
    return [types[row.event_id] for row in deliveries(world)]


def test_an_endpoint_gets_what_happens_after_it_was_made_once(world: World) -> None:
    make_task(world, title="before")
    place_all()
    endpoint_of(world)
    make_task(world, title="after")
    project(world)
    project(world)
    assert kinds(world) == ["task.created"]


def test_an_endpoint_gets_its_project_and_its_types_only(world: World) -> None:
    endpoint_of(world, project_id=world.project.id, event_types=["task_created", "user.created"])
    with world.as_("engineer"):
        update_project(project=world.project, name="New")
    make_task(world)
    project(world)
    assert kinds(world) == ["task.created"]
    with world.as_("system"):
        assert DeliveryEndpoint.objects.get().event_types == ["task.created", "user.created"]
        assert DeliveryEndpoint.objects.get().position == head()


def test_the_endpoint_of_a_project_hears_nothing_that_its_members_do_not(world: World) -> None:
    endpoint_of(world, project_id=world.project.id)
    with world.as_("admin"):
        update_project(project=world.project, name="New")
        update_user(user=world.viewer, display_name="N")
    project(world)
    assert kinds(world) == ["project.updated"]


def test_events_about_endpoints_go_to_none_and_a_test_to_its_own(world: World) -> None:
    first, second = endpoint_of(world), endpoint_of(world)
    with world.as_("admin"):
        update_endpoint(endpoint=second, description="x", event_types=["task.closed"])
        send_test(endpoint=second)
    project(world)
    [row] = deliveries(world)
    assert (row.endpoint_id, kinds(world)) == (second.id, ["webhook.tested"])
    with world.as_("admin"):
        disable_endpoint(endpoint=first, reason="enough")
        with pytest.raises(Conflict):
            send_test(endpoint=first)


def test_a_delivery_is_signed_over_the_bytes_that_are_sent(committed_world: World, receiver: Receiver) -> None:
    world = committed_world
    endpoint = endpoint_of(world, receiver.url)
    task = make_task(world)
    project(world)
    deliver_due()
    [row] = deliveries(world)
    assert (row.status, row.attempts, row.last_status_code) == ("delivered", 1, 200)
    [(headers, body)] = receiver.heard
    timestamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature(endpoint.secret, headers["webhook-id"], timestamp, body)
    assert headers["webhook-id"] == f"msg_{row.event_id.hex}"
    document = json.loads(body)
    assert (document["type"], document["data"], document["task_id"]) == (
        "task.created",
        {"key": task.key, "type": "task"},
        str(task.id),
    )


def test_a_failure_is_tried_again_with_the_same_bytes_and_id(committed_world: World, receiver: Receiver) -> None:
    world = committed_world
    endpoint_of(world, receiver.url)
    make_task(world)
    project(world)
    receiver.status = 503
    deliver_due()
    [row] = deliveries(world)
    assert (row.status, row.attempts, row.last_status_code) == ("failed", 1, 503)
    assert row.next_attempt_at
    assert timedelta(0) < row.next_attempt_at - timezone.now() < timedelta(seconds=7)
    receiver.status = 200
    due_now(world)
    deliver_due()
    assert deliveries(world)[0].status == "delivered"
    (first, body), (second, again) = receiver.heard
    assert (first["webhook-id"], body) == (second["webhook-id"], again)


def failed(world: World, times: int) -> Delivery:
    with world.as_("system"):
        for _ in range(times):
            Delivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
            for parcel in claim_deliveries():
                settle_delivery(delivery=parcel.delivery, answer=BAD)
        return Delivery.objects.select_related("endpoint").get()


def test_a_delivery_backs_off_and_is_given_up_visibly(world: World) -> None:
    endpoint_of(world)
    make_task(world)
    project(world)
    row = failed(world, 2)
    assert row.next_attempt_at
    assert timedelta(minutes=3) < row.next_attempt_at - timezone.now() < timedelta(minutes=7)
    row = failed(world, len(SCHEDULE) - 1)
    assert (row.status, row.next_attempt_at, row.attempts) == ("dead", None, len(SCHEDULE) + 1)
    assert events_of(world).count("webhook.delivery_failed") == 1
    with world.as_("admin"):
        again = retry_delivery(delivery=row)
        assert (again.status, again.attempts) == ("pending", 0)


def test_what_a_killed_sender_had_in_hand_is_tried_again_and_not_before(world: World) -> None:
    endpoint_of(world)
    make_task(world)
    project(world)
    with world.as_("system"):
        [taken] = claim_deliveries()
        assert claim_deliveries() == []
        due = Delivery.objects.get().next_attempt_at
        assert due
        assert timedelta(seconds=30) < due - timezone.now() <= timedelta(seconds=60)
        Delivery.objects.update(next_attempt_at=timezone.now())
        [again] = claim_deliveries()
    assert (again.body, again.headers["webhook-id"]) == (taken.body, taken.headers["webhook-id"])


def test_one_endpoint_takes_two_at_a_time_and_leaves_room_for_others(world: World) -> None:
    slow, other = endpoint_of(world), endpoint_of(world)
    for number in range(5):
        make_task(world, title=str(number))
    project(world)
    with world.as_("system"):
        taken = [parcel.delivery.endpoint_id for parcel in claim_deliveries()]
    assert sorted(taken) == sorted([slow.id, slow.id, other.id, other.id])


def test_an_endpoint_that_is_gone_is_disabled_at_once(world: World) -> None:
    endpoint = endpoint_of(world)
    make_task(world)
    project(world)
    with world.as_("system"):
        [parcel] = claim_deliveries()
        settle_delivery(delivery=parcel.delivery, answer=Answer(410, "gone", is_final=True))
        endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert "410" in endpoint.disabled_reason


def test_an_endpoint_that_fails_for_days_is_disabled_and_one_success_starts_anew(world: World) -> None:
    endpoint = endpoint_of(world)
    for number in range(2):
        make_task(world, title=str(number))
    project(world)
    with world.as_("system"):
        first, second = claim_deliveries()
        settle_delivery(delivery=first.delivery, answer=BAD)
        long_ago = timezone.now() - timedelta(days=6)
        DeliveryEndpoint.objects.update(failing_since=long_ago)
        settle_delivery(delivery=second.delivery, answer=Answer(200))
        endpoint.refresh_from_db()
        assert (endpoint.failing_since, endpoint.failures) == (None, 0)
    failed_again = [row for row in deliveries(world) if row.status == "failed"]
    with world.as_("system"):
        DeliveryEndpoint.objects.update(failing_since=long_ago)
        settle_delivery(delivery=failed_again[0], answer=BAD)
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        enable_endpoint(endpoint=endpoint)
        assert (endpoint.is_active, endpoint.failures) == (True, 0)


def test_a_disabled_endpoint_gets_nothing_and_what_waited_goes_on_afterwards(world: World) -> None:
    endpoint = endpoint_of(world)
    make_task(world, title="waits")
    project(world)
    with world.as_("admin"):
        disable_endpoint(endpoint=endpoint, reason="maintenance")
    make_task(world, title="missed")
    project(world)
    with world.as_("system"):
        assert claim_deliveries() == []
        enable_endpoint(endpoint=endpoint)
        assert len(claim_deliveries()) == 1
    assert len(deliveries(world)) == 1


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World) -> None:
    endpoint = endpoint_of(world)
    make_task(world)
    project(world)
    with world.as_("admin"):
        rotated = rotate_secret(endpoint=endpoint)
        assert rotated.secret != endpoint.secret
        [parcel] = claim_deliveries()
        assert len(parcel.headers["webhook-signature"].split()) == 2
        DeliveryEndpoint.objects.update(previous_secret_until=timezone.now())
        Delivery.objects.update(next_attempt_at=timezone.now())
        [parcel] = claim_deliveries()
        assert len(parcel.headers["webhook-signature"].split()) == 1


def test_an_endpoint_with_an_unknown_event_or_a_forbidden_address_is_refused(world: World) -> None:
    with world.as_("admin"):
        with pytest.raises(Invalid):
            create_endpoint(url=URL, event_types=["task.exploded"])
        with pytest.raises(Invalid):
            create_endpoint(url="https://10.0.0.1/")


def test_a_secret_is_shown_once_and_stored_encrypted_and_in_no_event(world: World) -> None:
    client = Client(world.tokens["engineer"])
    body = {"url": URL, "project": str(world.project.id)}
    made = client.send("POST", "webhooks/", body, **{"Idempotency-Key": "w"}).json()
    assert made["secret"].startswith("whsec_")
    assert client.send("POST", "webhooks/", body, **{"Idempotency-Key": "w"}).json()["secret"] is None
    assert "secret" not in client.send("GET", f"webhooks/{made['id']}/").json()
    rotated = client.send("POST", f"webhooks/{made['id']}/rotate/", {}).json()
    assert rotated["secret"] not in {None, made["secret"]}
    with world.as_("admin"):
        assert not Event.objects.filter(body__contains="whsec_").exists()
    assert client.send("POST", "webhooks/", {"url": URL}).status_code == 403
