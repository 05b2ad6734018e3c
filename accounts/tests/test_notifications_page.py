"""The page of notifications, as their owner, another person, another tenant, nobody and by a wrong method."""

from uuid import uuid4

from django.test import Client

from accounts.models import Notification, User
from accounts.queries import COUNTED
from accounts.views.notifications import MOST
from tests.staff import signed_in
from tests.world import World


def tell(world: World, user: User, title: str, times: int = 1) -> Notification:
    with world.as_("system"):
        rows = [Notification(user=user, kind="task.closed", title=title, url="/inbox/") for _ in range(times)]
        return Notification.objects.bulk_create(rows)[0]


def page(client: Client, query: str = "") -> str:
    return client.get(f"/notifications/{query}").content.decode()


def test_everybody_sees_their_own_and_marks_only_their_own(world: World, other_world: World) -> None:
    mine = tell(world, world.viewer, "CM-1 was closed <b>")
    me, reviewer, stranger = (signed_in(one) for one in (world.viewer, world.reviewer, other_world.viewer))
    assert "CM-1 was closed &lt;b&gt;" in page(me)
    for other in (reviewer, stranger):
        assert "CM-1 was closed" not in page(other, "?all=1")
        other.post("/notifications/", {"read": str(mine.id)})
        other.post("/notifications/", {"read": "all"})
    assert "CM-1 was closed" in page(me)
    assert me.post("/notifications/", {"read": str(mine.id)}).status_code == 302
    assert "CM-1 was closed" not in page(me)
    assert "CM-1 was closed" in page(me, "?all=1")


def test_all_are_marked_at_once_and_a_long_list_goes_on(world: World) -> None:
    me = signed_in(world.viewer)
    tell(world, world.viewer, "Told", times=MOST + 3)
    first = page(me)
    assert first.count(">Told</a>") == MOST
    older = first.split("?before=")[1].split('"')[0]
    assert page(me, f"?before={older}").count(">Told</a>") == 3
    me.post("/notifications/", {"read": "all"})
    assert "Nothing is unread" in page(me)
    assert page(me, "?all=1&before=nonsense").count(">Told</a>") == MOST


def test_every_page_says_how_much_is_unread_and_counting_ends(world: World, other_world: World) -> None:
    me = signed_in(world.viewer)
    tell(world, world.reviewer, "for somebody else")
    tell(other_world, other_world.viewer, "for another tenant")
    assert "not read" not in badge(me)
    tell(world, world.viewer, "told", times=3)
    assert "3 not read" in badge(me)
    tell(world, world.viewer, "told", times=COUNTED)
    assert f"{COUNTED}+ not read" in badge(me)


def badge(client: Client) -> str:
    return client.get("/settings/password/").content.decode().split('<details class="menu">')[1].split("</summary>")[0]


def test_nobody_is_sent_to_sign_in_and_nonsense_is_refused(world: World) -> None:
    assert Client().get("/notifications/").status_code == 302
    me = signed_in(world.viewer)
    assert me.put("/notifications/").status_code == 405
    assert me.post("/notifications/", {"read": "nonsense"}).status_code == 404
    assert me.post("/notifications/", {"read": str(uuid4())}).status_code == 302
