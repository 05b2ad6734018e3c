"""The admin in a real browser: every form under the strict policy, choosing by typing, an action with its reason."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.conftest import Visitor
from tests.browser.scene import Scene
from tests.world import World

LISTS = (
    "accounts/tenant",
    "accounts/user",
    "accounts/apitoken",
    "projects/project",
    "projects/projectmember",
    "projects/plan",
    "agents/agent",
    "evidence/evidence",
    "tasks/task",
    "tasks/execution",
    "tasks/approvalrequest",
    "tasks/quarantinedwrite",
    "tasks/comment",
    "tasks/blocker",
    "tasks/standingrule",
    "audit/event",
)
FORMS = (
    "accounts/user",
    "projects/project",
    "projects/projectmember",
    "projects/plan",
    "agents/agent",
    "tasks/task",
    "tasks/blocker",
)


@pytest.fixture
def staff(visit: Callable[..., Visitor], scene: Scene) -> Visitor:
    return visit(scene.world.admin)


def test_every_list_and_its_first_row_open_without_a_complaint(staff: Visitor) -> None:
    for path in LISTS:
        page = staff.go(f"/admin/{path}/")
        expect(page.locator("#content-main")).to_be_visible()
        first = page.locator("#result_list tbody th a").first
        if first.count():
            first.click()
            expect(page.locator("#content-main form, #content-main .readonly").first).to_be_visible()
    assert staff.said == []


def test_every_form_opens_without_a_complaint(staff: Visitor) -> None:
    for path in FORMS:
        page = staff.go(f"/admin/{path}/add/")
        expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    assert staff.said == []


def test_an_owner_is_chosen_by_typing_the_beginning_of_a_name(staff: Visitor) -> None:
    page = staff.go("/admin/agents/agent/add/")
    page.locator(".field-owner .select2-selection").click()
    page.locator(".select2-search__field").fill("Eng")
    page.locator(".select2-results__option", has_text="Engineer").click()
    expect(page.locator(".field-owner .select2-selection__rendered")).to_contain_text("Engineer")
    assert staff.said == []


def test_a_person_is_made_and_deactivated_with_a_reason(visit: Callable[..., Visitor], committed_world: World) -> None:
    staff = visit(committed_world.admin)
    page = staff.go("/admin/accounts/user/add/")
    page.get_by_label("Email").fill(f"new@{committed_world.tenant.slug}.org")
    page.get_by_label("Display name").fill("Newcomer")
    page.get_by_label("Reason").fill("joined the company")
    page.get_by_role("button", name="Save", exact=True).click()
    password = page.locator("#one-time-password").inner_text()
    assert len(password) >= 20
    page = staff.go("/admin/accounts/user/?q=Newcomer")
    page.get_by_role("checkbox").last.check()
    page.get_by_label("Action:").select_option("deactivate")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Reason").fill("made by mistake")
    page.get_by_role("button", name="Deactivate the chosen accounts").click()
    expect(page.get_by_text("done for 1")).to_be_visible()
    with committed_world.as_("system"):
        assert not User.objects.get(display_name="Newcomer").is_active
    assert staff.said == []
