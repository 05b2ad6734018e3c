"""What is made from the log: the activity feed and notifications, once for each event, and again when asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Notification, Role
from accounts.services import mark_all_read, notify, set_password, update_user
from agents.services import issue_agent_token
from audit.log.projector import project
from audit.models import ActivityItem, Event, Projection
from audit.queries import head
from audit.services import catch_up, restart_activity
from audit.tests.places import place_all
from projects.services import update_project
from tests.work import SIGNOFF, ask, complete, make_task, set_raw, started
from tests.world import Client, World


def bring_up(world: World) -> None:
    place_all()
    with world.as_("system"):
        while catch_up():
            pass


def sentences(world: World, who: str) -> list[str]:
    found = Client(world.tokens[who]).send("GET", "activity/?limit=100").json()["results"]
    return [item["sentence"] for item in found]


def told(world: World, who: str) -> list[tuple[str, str]]:
    found = Client(world.tokens[who]).send("GET", "notifications/").json()["results"]
    # Without the warning about the token that the caller was given.
    return [(item["kind"], item["url"]) for item in found if not item["is_warning"]]


def test_the_feed_is_sentences_with_links_newest_first(world: World) -> None:
    task = make_task(world, title="Paint it")
    with world.as_("engineer"):
        update_project(project=world.project, name="Blue", reason="it was red")
    bring_up(world)
    [first, second, *_] = Client(world.tokens["viewer"]).send("GET", "activity/").json()["results"]
    assert first["sentence"] == "project changed: Blue by Engineer (it was red)"
    assert second["sentence"] == f"task created: {task.key} Paint it by Engineer"
    assert second["url"] == f"/tasks/{task.id}/"
    assert (second["kind"], second["user_id"], second["task_id"]) == (
        "task.created",
        str(world.engineer.id),
        str(task.id),
    )


def test_the_feed_shows_each_caller_what_the_log_would(world: World) -> None:
    make_task(world, title="inside")
    with world.as_("admin"):
        update_user(user=world.stranger, display_name="Renamed")
    bring_up(world)
    inside = "task created: CM-1 inside by Engineer"
    renamed = "account changed: Renamed by Admin"
    assert inside in sentences(world, "viewer")
    assert inside not in sentences(world, "stranger")
    assert renamed in sentences(world, "stranger")
    assert renamed not in sentences(world, "viewer")
    assert {inside, renamed} <= set(sentences(world, "admin"))
    with world.as_("system"):
        assert not ActivityItem.objects.filter(kind__startswith="auth.").exists()


def items(world: World) -> list[Any]:
    with world.as_("system"):
        columns = ("event_id", "sentence", "url", "project_id", "created_at")
        return list(ActivityItem.objects.order_by("event_id").values_list(*columns))


def test_the_feed_is_made_once_and_is_the_same_when_it_is_made_again(world: World) -> None:
    make_task(world)
    bring_up(world)
    before = items(world)
    bring_up(world)
    assert items(world) == before != []
    with world.as_("system"):
        restart_activity()
        assert not ActivityItem.objects.exists()
    bring_up(world)
    assert items(world) == before


def test_the_command_makes_every_tenants_feed_again_and_tells_nobody_twice(
    committed_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = committed_world
    ask(world, started(world)[1])
    bring_up(world)
    before, notified = items(world), told(world, "reviewer")
    call_command("rebuild_activity")
    assert "rebuilt" in capsys.readouterr().out
    assert items(world) == before
    assert told(world, "reviewer") == notified


def test_what_is_too_old_to_be_kept_is_not_made_again(world: World, settings: Settings) -> None:
    make_task(world)
    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"activity": 0}
    bring_up(world)
    assert items(world) == []
    with world.as_("system"):
        assert Projection.objects.get(name="activity").position == head()


def test_what_fails_in_between_is_made_with_the_next_try(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make_task(world)
    place_all()
    monkeypatch.setattr("audit.services.projections.sentence_of", lambda event: 1 / 0)
    project(world.tenant.id)
    assert items(world) == []
    monkeypatch.undo()
    project(world.tenant.id)
    assert items(world)


# --- notifications ---------------------------------------------------------------------------------------------------


def test_an_approval_waits_for_those_who_may_decide_it(world: World) -> None:
    approval = ask(world, started(world)[1])
    bring_up(world)
    assert told(world, "reviewer") == [("approval.requested", f"/inbox/{approval.id}/")]
    assert told(world, "engineer") == []  # the agent is theirs
    assert told(world, "viewer") == []


def test_a_task_waits_for_those_who_sign_it_off(world: World) -> None:
    _, claim = started(world, SIGNOFF)
    complete(world, claim)
    bring_up(world)
    assert [kind for kind, _ in told(world, "reviewer")] == ["task.submitted"]
    assert told(world, "viewer") == []


def test_where_one_may_approve_oneself_the_owner_is_told_too(world: World) -> None:
    set_raw(world, "accounts_tenant", "allow_self_approval = true")
    ask(world, started(world)[1])
    bring_up(world)
    assert [kind for kind, _ in told(world, "engineer")] == ["approval.requested"]


def test_a_person_is_told_of_new_rights_and_nobody_of_what_they_did_themselves(world: World) -> None:
    with world.as_("admin"):
        update_user(user=world.viewer, role=Role.MANAGER)
        update_user(user=world.admin, is_staff=False)
    bring_up(world)
    assert [kind for kind, _ in told(world, "viewer")] == ["user.rights_changed"]
    assert told(world, "admin") == []


def test_what_is_done_to_an_account_is_told_to_its_holder_whoever_did_it(world: World) -> None:
    with world.as_("viewer"):
        set_password(user=world.viewer, password="quite another password")
    bring_up(world)
    assert ("auth.password_changed", "/settings/security/") in warnings(world, "viewer")
    assert "auth.password_changed" not in [kind for kind, _ in warnings(world, "admin")]


def warnings(world: World, who: str) -> list[tuple[str, str]]:
    found = Client(world.tokens[who]).send("GET", "notifications/").json()["results"]
    return [(item["kind"], item["url"]) for item in found if item["is_warning"]]


def test_the_token_of_an_agent_is_no_warning(world: World) -> None:
    with world.as_("engineer"):
        issue_agent_token(agent=world.agent)
    bring_up(world)
    assert [kind for kind, _ in warnings(world, "engineer")] == ["api_token.created"]  # the caller's own


def test_the_same_events_tell_nobody_twice(world: World) -> None:
    ask(world, started(world)[1])
    with world.as_("system"):
        asked = list(Event.objects.filter(event_type="approval.requested"))
        assert [notify(events=asked), notify(events=asked)] == [1, 0]
        assert Notification.objects.count() == 1


def test_notifications_are_counted_and_read_by_their_owner_alone(world: World) -> None:
    bring_up(world)
    with world.as_("reviewer"):
        mark_all_read(user=world.reviewer)
    ask(world, started(world)[1])
    bring_up(world)
    reviewer = Client(world.tokens["reviewer"])
    [line] = reviewer.send("GET", "notifications/?unread=true").json()["results"]
    assert reviewer.send("GET", "notifications/unread/").json() == {"count": 1}
    assert Client(world.tokens["admin"]).send("POST", f"notifications/{line['id']}/read/", {}).status_code == 404
    assert reviewer.send("POST", f"notifications/{line['id']}/read/", {}).json()["read_at"]
    assert reviewer.send("GET", "notifications/unread/").json() == {"count": 0}
    assert reviewer.send("GET", "notifications/?unread=true").json()["results"] == []
    with world.as_("reviewer"):
        Notification.objects.filter(id=line["id"]).update(read_at=None)
        assert mark_all_read(user=world.reviewer, before=timezone.now() - timedelta(hours=1)) == 0
        assert mark_all_read(user=world.reviewer) == 1
