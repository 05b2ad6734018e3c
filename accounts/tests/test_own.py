"""What belongs to the caller: profile, preferences, sessions, tokens."""

from accounts.models import ApiToken, Session
from accounts.services import deactivate_user
from tests.staff import signed_in
from tests.work import newest_event
from tests.world import Client, World

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_a_person_changes_the_own_names_and_no_rights(world: World) -> None:
    client = Client(world.tokens["viewer"])
    shown = client.send("PATCH", "me/", {"display_name": "Vi"}).json()
    assert (shown["label"], shown["user"]["display_name"]) == ("Vi", "Vi")
    assert newest_event(world, "user.updated").changes == {"display_name": ["Viewer", "Vi"]}
    assert client.send("PATCH", "me/", {"role": "admin"}).status_code == 422


def test_preferences_are_the_defaults_until_somebody_says_otherwise(world: World) -> None:
    client = Client(world.tokens["viewer"])
    defaults = {
        "theme": "auto",
        "time_zone": "UTC",
        "notifications": "at_once",
        "daily_digest_hour": 8,
        "preferences": {},
    }
    assert client.send("GET", "me/preferences/").json() == defaults
    changed = client.send("PATCH", "me/preferences/", {"theme": "dark", "preferences": {"wide": True}}).json()
    assert changed == defaults | {"theme": "dark", "preferences": {"wide": True}}
    assert client.send("GET", "me/").json()["preferences"] == changed
    assert client.send("PUT", "me/preferences/", {"time_zone": "Asia/Tokyo"}).json() == defaults | {
        "time_zone": "Asia/Tokyo"
    }


def test_a_session_says_where_it_was_opened_and_ends_when_its_owner_says_so(world: World) -> None:
    laptop, phone = signed_in(world.viewer), signed_in(world.viewer)
    with world.as_("viewer"):
        Session.objects.update(ip_address="203.0.113.77", user_agent=AGENT)
    rows = phone.get("/api/v1/me/sessions/").json()["results"]
    assert [row["current"] for row in rows] == [True, False]
    assert (rows[1]["ip_address"], rows[1]["user_agent"]) == ("203.0.113.77", AGENT)
    own = Client(world.tokens["viewer"])
    assert own.send("DELETE", f"me/sessions/{rows[1]['id']}/").status_code == 204
    assert laptop.get("/api/v1/me/").status_code == 401
    assert phone.get("/api/v1/me/").status_code == 200
    assert own.send("POST", "me/sessions/revoke-all/", {}).json() == {"count": 1}
    assert phone.get("/api/v1/me/").status_code == 401


def test_a_session_keeps_the_exact_origin_which_the_log_does_not(world: World) -> None:
    client = Client(REMOTE_ADDR="203.0.113.77")
    form = {"email": world.viewer.email, "password": "a long enough password"}
    client.post("/sign-in/", form, headers={"User-Agent": AGENT})
    with world.as_("viewer"):
        session = Session.objects.get(user=world.viewer)
    assert (session.ip_address, session.user_agent) == ("203.0.113.77", AGENT)
    event = newest_event(world, "auth.sign_in_succeeded")
    assert (event.ip_address, event.user_agent) == ("203.0.113.0", "Firefox on Linux")


def test_a_rotated_token_works_and_the_old_one_does_not(world: World) -> None:
    client = Client(world.tokens["engineer"])
    with world.as_("engineer"):
        token = ApiToken.objects.get(user=world.engineer, agent_id=None)
    issued = client.send("POST", f"tokens/{token.id}/rotate/", {}).json()
    assert client.send("GET", "me/").status_code == 401
    again = Client(issued["secret"])
    assert again.send("GET", "me/").json()["scopes"] == sorted(token.scopes)
    answer = again.send("POST", f"tokens/{token.id}/rotate/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "token_ended")


def test_administrators_see_closed_accounts_and_others_do_not(world: World) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    path = f"users/{world.viewer.id}/"
    admin = Client(world.tokens["admin"])
    assert admin.send("GET", path).json()["is_active"] is False
    assert Client(world.tokens["engineer"]).send("GET", path).status_code == 404
    assert admin.send("POST", f"{path}reactivate/", {"reason": "back"}).json()["is_active"] is True
    assert Client(world.tokens["engineer"]).send("GET", path).status_code == 200


def test_an_administrator_makes_an_account_and_invites_its_person(world: World) -> None:
    admin = Client(world.tokens["admin"])
    made = admin.send("POST", "users/", {"email": "ada@example.org", "display_name": "Ada"}).json()
    assert admin.send("POST", f"users/{made['id']}/invite/", {}).json()["id"] == made["id"]
    assert newest_event(world, "user.invited").actor_id == world.admin.id
    answer = admin.send("POST", f"users/{world.viewer.id}/invite/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_invited")


def test_the_last_administrator_is_told_why_not(world: World) -> None:
    client = Client(world.tokens["admin"])
    answer = client.send("POST", f"users/{world.admin.id}/deactivate/", {"reason": "bye"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
