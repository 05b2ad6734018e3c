"""Risky decisions: only with a recent proof of who decides, through the page, the API and in bulk."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from common.errors import StepUpRequired
from tasks.models import ApprovalRequest
from tasks.services import respond_to_approval
from tests.staff import signed_in
from tests.work import acting, ask, started
from tests.world import PASSWORD, Client, World


def asked(world: World, risk: str) -> ApprovalRequest:
    return ask(world, started(world)[1], risk=risk)


def form_of(approval: ApprovalRequest) -> dict[str, str]:
    return {"action": "approve", "comment": "looked at it", "digest": approval.digest}


def respond(browser: Browser, approval: ApprovalRequest) -> Any:
    path = f"/api/v1/approvals/{approval.id}/respond/"
    return browser.post(path, form_of(approval), content_type="application/json")


@pytest.mark.parametrize("risk", ["high", "critical"])
@pytest.mark.parametrize("minutes", [None, 11])
def test_a_risky_one_is_not_decided_without_a_recent_proof(world: World, risk: str, minutes: int | None) -> None:
    approval = asked(world, risk)
    proved_at = None if minutes is None else timezone.now() - timedelta(minutes=minutes)
    principal = replace(world.reviewer.principal(), proved_at=proved_at)
    with acting(world, "reviewer"), pytest.raises(StepUpRequired):
        respond_to_approval(approval=approval, principal=principal, **form_of(approval))


def test_a_token_decides_what_is_not_risky_and_nothing_else(world: World) -> None:
    client = Client(world.tokens["reviewer"])
    approval = asked(world, "high")
    answer = client.send("POST", f"approvals/{approval.id}/respond/", form_of(approval))
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    bulk = {"action": "approve", "comment": "x", "items": [{"approval": str(approval.id), "digest": approval.digest}]}
    answer = client.send("POST", "approvals/bulk-respond/", bulk)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    with world.as_("system"):
        assert ApprovalRequest.objects.get().status == "pending"
    plain = asked(world, "low")
    assert client.send("POST", f"approvals/{plain.id}/respond/", form_of(plain)).status_code == 200


def test_a_fresh_session_decides_through_the_api(world: World) -> None:
    approval = asked(world, "high")
    assert respond(signed_in(world.reviewer), approval).json()["status"] == "approved"


def test_an_old_session_confirms_first_and_then_decides_on_the_page(world: World, settings: Any) -> None:
    approval = asked(world, "high")
    page = f"/inbox/{approval.id}/"
    browser = signed_in(world.reviewer)
    settings.STEP_UP_MINUTES = -1
    shown = browser.get(page).content.decode()
    assert ("Confirm that it is you" in shown, 'name="digest"' in shown) == (True, False)
    refused = browser.post(page, form_of(approval))
    assert (refused.status_code, "/confirm/" in refused.content.decode()) == (403, True)
    assert respond(browser, approval).json()["code"] == "step_up_required"
    settings.STEP_UP_MINUTES = 10
    assert browser.post("/confirm/", {"password": PASSWORD, "next": page}).headers["Location"] == page
    assert browser.post(page, form_of(approval)).status_code == 302
    with world.as_("system"):
        assert ApprovalRequest.objects.get().status == "approved"
