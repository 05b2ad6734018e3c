"""What people decide on a plan's page: by keyboard and without loading it again; others see it at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_live import assert_not_reloaded, live
from tests.delivery import make_delivery
from tests.world import World

pytestmark = pytest.mark.usefixtures("relay")


def test_a_gate_is_decided_by_keyboard_and_others_see_it(visit: Callable[..., Visitor], committed_world: World) -> None:
    world = committed_world
    delivery = make_delivery(world)
    delivery.finish()
    delivery.run()
    path = f"/projects/{world.project.slug}/plans/{delivery.plan.id}/"
    one, other = visit(world.reviewer), visit(world.viewer)
    here, there = live(one, path), live(other, path)
    gate = here.locator(f"#gate-{delivery.gate.id}")
    gate.get_by_text("1 of 2 checks").focus()
    here.keyboard.press("Enter")
    gate.get_by_text("Judge it").focus()
    here.keyboard.press("Enter")
    check = here.locator(f"#check-{delivery.manual_check.id}")
    check.get_by_label("Your verdict").select_option("skipped")
    check.get_by_role("button", name="Judge").press("Enter")
    expect(check).to_contain_text("Required.")
    expect(check.get_by_label("Your verdict")).to_have_value("skipped")
    check.get_by_label("Your verdict").select_option("pass")
    check.get_by_role("button", name="Judge").press("Enter")
    expect(gate).to_contain_text("2 of 2 checks")
    gate.get_by_text("Decide this gate").focus()
    here.keyboard.press("Enter")
    gate.locator(f"#review-{delivery.gate.id}").get_by_label("Your verdict").select_option("approved")
    gate.get_by_role("button", name="Decide").press("Enter")
    expect(gate.locator(".pill").first).to_have_text("Passed")
    expect(there.locator(f"#gate-{delivery.gate.id} .pill").first).to_have_text("Passed")
    for page in (here, there):
        assert_not_reloaded(page)
    assert other.said == []
