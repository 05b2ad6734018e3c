"""The log crosses a month: every event finds the partition of its id, and the next ones are there in time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import Error, connection, transaction

from audit.jobs import ensure_partitions as job
from audit.models import Event
from audit.services import ensure_partitions
from audit.tests.places import place_all
from common.ids import uuid7_floor
from tests.work import sql
from tests.world import World


def months(count: int) -> list[datetime]:
    """Return the first moments of this month and the next ones."""
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    starts = [first]
    while len(starts) < count:
        starts.append((starts[-1] + timedelta(days=32)).replace(day=1))
    return starts


def name_of(month: datetime) -> str:
    return f"audit_event_{month:%Y_%m}"


def insert(world: World, identifier: UUID) -> str:
    """Insert an event with this id and return the partition it landed in."""
    with world.as_("admin"):
        event = Event.objects.order_by("id")[0]
        event.pk = identifier
        event.save(force_insert=True)
    [[table]] = sql(world, "SELECT tableoid::regclass::text FROM audit_event WHERE id = %s", identifier)
    return str(table)


def test_ids_at_the_border_of_a_month_land_on_their_side(world: World) -> None:
    this, following = months(2)
    last = UUID(int=uuid7_floor(following).int - 1)
    assert insert(world, last) == name_of(this)
    assert insert(world, uuid7_floor(following)) == name_of(following)
    assert insert(world, UUID(int=uuid7_floor(following).int + 1)) == name_of(following)
    assert insert(world, uuid7_floor(this)) == name_of(this)


def test_python_and_the_database_agree_on_the_border(world: World) -> None:
    for month in months(4):
        [[floor]] = sql(world, "SELECT sec.uuid7_floor(%s)", month)
        assert floor == uuid7_floor(month)


def test_an_event_of_a_month_without_partition_is_refused_loudly(world: World) -> None:
    with pytest.raises(Error, match="no partition"), transaction.atomic():
        insert(world, uuid7_floor(datetime(2090, 1, 1, tzinfo=UTC)))


def test_partitions_are_made_ahead_and_only_once(db: None) -> None:
    assert ensure_partitions() == []
    made = ensure_partitions(6)
    assert made == [name_of(month) for month in months(7)[-len(made) :]]
    assert made
    assert ensure_partitions(6) == []


def test_the_horizon_is_bounded(db: None) -> None:
    assert len(ensure_partitions(10_000)) <= 24


def test_a_new_partition_is_as_guarded_as_the_others(world: World) -> None:
    [*_, newest] = ensure_partitions(6)
    [[secured, forced]] = sql(
        world, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", newest
    )
    assert secured
    assert forced
    triggers = sql(world, "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'A'", newest)
    assert {name for (name,) in triggers} == {
        "audit_event_enqueue",
        "audit_event_immutable",
        "audit_event_stamp",
        f"{newest}_no_truncate",
    }
    with world.as_("system"), connection.cursor() as cursor, pytest.raises(Error), transaction.atomic():
        cursor.execute(f'SELECT * FROM "{newest}"')  # noqa: S608  # the app role reads the log through its parent only


def test_the_job_makes_partitions(db: None) -> None:
    job()
    assert ensure_partitions() == []


def test_an_event_of_the_next_month_waits_for_its_position_like_any_other(world: World) -> None:
    identifier = UUID(int=uuid7_floor(months(2)[1]).int + uuid4().int % 1000)
    insert(world, identifier)
    assert identifier in {row["event_id"] for row in place_all()}
