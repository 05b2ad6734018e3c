"""What the tables around the log hold by themselves, whoever writes."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from audit.models import (
    ActivityItem,
    ActivityVisibility,
    Checkpoint,
    Delivery,
    DeliveryEndpoint,
    Epoch,
    Event,
    SubjectKey,
    Tile,
)
from tests.work import sql
from tests.world import World

HASH = b"h" * 32


def epoch(**values: Any) -> Epoch:
    return Epoch.objects.create(
        **{"number": 1, "origin": "test/audit/t/1", "public_key": HASH, "opened_at": timezone.now(), **values}
    )


def test_every_partition_has_the_columns_and_indexes_of_the_log(world: World) -> None:
    wanted = len(Event._meta.indexes) + 1
    rows = sql(
        world,
        """SELECT c.relname, (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid),
                  (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT attisdropped)
           FROM pg_class c JOIN pg_inherits h ON h.inhrelid = c.oid WHERE h.inhparent = 'audit_event'::regclass""",
    )
    assert len(rows) >= 3
    assert {tuple(counts) for _, *counts in rows} == {(wanted, len(Event._meta.local_fields))}


def test_an_event_keeps_old_and_new_values_and_where_it_came_from(world: World) -> None:
    with world.as_("admin"):
        event = Event.objects.order_by("id")[0]
        assert (event.service_name, event.ip_address, event.changes) == ("", None, None)
        event.pk = None
        event = Event(**{field.attname: getattr(event, field.attname) for field in Event._meta.local_fields[1:]})
        event.changes, event.ip_address, event.session_id = {"name": ["old", "new"]}, "2001:db8::1", uuid4()
        event.save(force_insert=True)
        found = Event.objects.get(id=event.id)
    assert (found.changes, found.ip_address) == ({"name": ["old", "new"]}, "2001:db8::1")


def test_a_tile_grows_at_its_end_and_is_never_changed_when_full(world: World) -> None:
    with world.as_("admin"):
        tile = Tile.objects.create(epoch=epoch(), level=0, index=0, width=1, data=HASH)
        rows = Tile.objects.filter(id=tile.id)
        with pytest.raises(IntegrityError, match="audit_tile_data"), transaction.atomic():
            rows.update(width=2)
        for change in ({"data": b"x" * 64, "width": 2}, {"index": 1}):
            with pytest.raises(Error, match="append-only"), transaction.atomic():
                rows.update(**change)
        rows.update(width=256, data=HASH * 256)
        for last in (lambda: rows.update(level=1), rows.delete):
            with pytest.raises(Error, match="append-only"), transaction.atomic():
                last()


def test_a_checkpoint_is_never_changed_and_has_one_root_for_a_size(world: World) -> None:
    with world.as_("admin"):
        first = epoch()
        values = {"epoch": first, "tree_size": 1, "note": "signed", "signed_at": timezone.now()}
        Checkpoint.objects.create(root_hash=HASH, **values)
        with pytest.raises(IntegrityError, match="audit_checkpoint_size"), transaction.atomic():
            Checkpoint.objects.create(root_hash=b"x" * 32, **values)
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            Checkpoint.objects.update(note="forged")
        with pytest.raises(IntegrityError, match="audit_epoch_open"), transaction.atomic():
            epoch(number=2, origin="test/audit/t/2")


def test_a_destroyed_subject_key_is_gone(world: World) -> None:
    with world.as_("admin"):
        key = SubjectKey.objects.create(user_id=world.viewer.id, key="c2VjcmV0")
        assert SubjectKey.objects.get(id=key.id).key == "c2VjcmV0"
        with pytest.raises(IntegrityError, match="destroyed"), transaction.atomic():
            SubjectKey.objects.update(destroyed_at=timezone.now())
        SubjectKey.objects.update(destroyed_at=timezone.now(), key=None)


def test_activity_is_seen_by_project_by_name_or_by_everybody(world: World) -> None:
    viewer, project = world.viewer.principal(), world.project.id
    with world.as_("admin"):
        of_project, public, shown, hidden = (
            ActivityItem.objects.create(event_id=uuid4(), kind="task.created", sentence=name, **values)
            for name, values in (
                ("project", {"project_id": project}),
                ("public", {"is_public": True}),
                ("shown", {}),
                ("hidden", {}),
            )
        )
        for person in (world.viewer, world.engineer):
            ActivityVisibility.objects.create(item=shown, user_id=person.id)
            ActivityVisibility.objects.create(item=public, user_id=person.id)

        def seen(principal: Any, projects: Any) -> list[str]:
            return sorted(item.sentence for item in ActivityItem.objects.visible_to(principal, projects))

        assert seen(viewer, [project]) == ["project", "public", "shown"]
        assert seen(world.stranger.principal(), []) == ["public"]
        assert seen(world.agent_principal, [project]) == ["project", "public"]
        assert seen(world.admin.principal(), []) == ["hidden", "project", "public", "shown"]
        assert {of_project, hidden} & set(ActivityItem.objects.all())


def test_a_delivery_says_when_it_is_tried_again_or_that_it_is_over(world: World) -> None:
    with world.as_("admin"):
        endpoint = DeliveryEndpoint.objects.create(url="https://example.org/hook", secret="s" * 40)
        values = {"endpoint": endpoint, "event_id": uuid4(), "pos": 1}
        with pytest.raises(IntegrityError, match="next_attempt"), transaction.atomic():
            Delivery.objects.create(**values)
        Delivery.objects.create(next_attempt_at=timezone.now(), **values)
        with pytest.raises(IntegrityError, match="audit_delivery_delivered"), transaction.atomic():
            Delivery.objects.update(status="delivered", next_attempt_at=None)
        Delivery.objects.update(status="delivered", next_attempt_at=None, delivered_at=timezone.now())
        assert Delivery.objects.visible_to(world.admin.principal(), []).count() == 1
        assert not Delivery.objects.visible_to(world.viewer.principal(), [world.project.id]).exists()


@pytest.mark.parametrize("url", ["", "ftp://example.org/", "https:///x", "example.org"])
def test_an_endpoint_is_an_address_of_the_web(world: World, url: str) -> None:
    with world.as_("admin"), pytest.raises(IntegrityError, match="deliveryendpoint_url"), transaction.atomic():
        DeliveryEndpoint.objects.create(url=url, secret="s")
