"""What hands out rights asks who it is, also through the API and in the admin; and no token outlives its maker."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import ApiToken, User
from accounts.services import create_token
from common.errors import StepUpRequired
from tasks.models import RuleAnswer, StandingRule
from tasks.services import create_standing_rule
from tests.staff import AdminPages, signed_in
from tests.work import acting
from tests.world import PASSWORD, Client, World


@pytest.fixture
def left(world: World, settings: Any) -> Any:
    """The browser that an administrator left a while ago."""
    browser = signed_in(world.admin)
    settings.STEP_UP_MINUTES = -1
    return browser


def send(browser: Any, method: str, path: str, **body: Any) -> tuple[int, str]:
    answer = getattr(browser, method)(f"/api/v1/{path}", body, content_type="application/json")
    return answer.status_code, (answer.json() if answer.content else {}).get("code", "")


def own_token(world: World, who: str = "admin", **values: Any) -> ApiToken:
    with world.as_(who):
        return create_token(user=world.people[who], name="x", scopes=["read", "admin"], **values).token


def test_a_browser_that_was_left_hands_out_no_rights(world: World, left: Any, settings: Any) -> None:
    somebody, token = f"users/{world.viewer.id}/", own_token(world)
    asked: list[tuple[Any, ...]] = [
        ("post", "tokens/", {"name": "x", "scopes": ["read"]}),
        ("post", f"tokens/{token.id}/rotate/", {}),
        ("post", "users/", {"email": "new@example.org", "display_name": "New"}),
        ("patch", somebody, {"role": "admin", "reason": "because"}),
        ("post", f"{somebody}deactivate/", {"reason": "because"}),
        ("post", f"{somebody}reactivate/", {"reason": "because"}),
        ("post", f"{somebody}invite/", {}),
        ("delete", somebody, {"reason": "because"}),
    ]
    for method, path, body in asked:
        assert send(left, method, path, **body) == (403, "step_up_required"), path
    owner = signed_in(world.engineer)
    assert send(owner, "post", f"agents/{world.agent.id}/tokens/", days=1) == (403, "step_up_required")
    assert send(left, "delete", f"tokens/{token.id}/")[0] == 204  # ending something is always allowed
    settings.STEP_UP_MINUTES = 10
    assert send(left, "post", "tokens/", name="x", scopes=["read"])[0] == 201
    assert send(owner, "post", f"agents/{world.agent.id}/tokens/", days=1)[0] == 201


def test_a_left_browser_changes_nothing_in_the_admin(world: World, left: Any, settings: Any) -> None:
    people = AdminPages(left, "accounts_user")
    assert people.show(world.viewer.id).status_code == 200
    sent = people.change(world.viewer.id, display_name="Other", username="v", role="admin")
    assert sent.headers["Location"].startswith("/confirm/?next=%2Fadmin%2F")
    with world.as_("system"):
        assert User.objects.get(id=world.viewer.id).role == "user"
    settings.STEP_UP_MINUTES = 10
    left.post("/confirm/", {"password": PASSWORD})
    assert people.run("deactivate", world.viewer.id).status_code == 200
    with world.as_("system"):
        assert not User.objects.get(id=world.viewer.id).is_active


@pytest.mark.parametrize(
    ("answer", "risk", "asks"), [("approve", "high", True), ("approve", "low", False), ("reject", "high", False)]
)
def test_a_yes_in_advance_to_what_is_risky_is_a_decision(world: World, answer: str, risk: str, asks: bool) -> None:
    def rule(proved_at: datetime | None) -> StandingRule:
        return create_standing_rule(
            project=world.project, principal=replace(world.reviewer.principal(), proved_at=proved_at),
            answer=RuleAnswer(answer), reason="x", expires_at=timezone.now() + timedelta(days=1),
            action_pattern="deploy*", highest_risk=risk,
        )  # fmt: skip

    with acting(world, "reviewer"):
        if asks:
            with pytest.raises(StepUpRequired):
                rule(None)
        assert rule(timezone.now() if asks else None).answer == answer


# --- what a token makes ---------------------------------------------------------------------------------------------
def test_a_token_makes_none_that_outlives_it(world: World) -> None:
    soon = timezone.now() + timedelta(hours=1)
    with world.as_("engineer"):
        made = create_token(user=world.engineer, name="x", scopes=["read", "admin"], expires_at=soon)
        longer = create_token(user=world.engineer, name="long", scopes=["read"])
    client = Client(made.secret)

    def make(**body: Any) -> tuple[int, Any]:
        answer = client.send("POST", "tokens/", {"name": "child", "scopes": ["read"], **body})
        return answer.status_code, answer.json().get("code")

    assert make() == (403, "outlives")
    assert make(expires_at=(soon + timedelta(seconds=1)).isoformat()) == (403, "outlives")
    assert make(expires_at=(soon - timedelta(seconds=1)).isoformat())[0] == 201
    agents = f"agents/{world.agent.id}/tokens/"
    assert client.send("POST", agents, {"days": 1}).json()["code"] == "outlives"
    assert client.send("POST", f"tokens/{longer.token.id}/rotate/").json()["code"] == "outlives"
    itself = client.send("POST", f"tokens/{made.token.id}/rotate/").json()
    renewed = parse_datetime(itself["expires_at"])
    assert renewed is not None
    assert abs(renewed - soon) < timedelta(minutes=1)
