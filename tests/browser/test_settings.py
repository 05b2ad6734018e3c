"""The settings pages and the ways in, in a real browser: without a fault in both themes and three widths."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import LinkPurpose
from accounts.services import create_user, invite_user, issue_link
from accounts.services.factors import code_at
from tests.browser.conftest import Visitor
from tests.browser.scene import Scene
from tests.browser.test_accessible import WIDTHS, faults
from tests.servers import Server
from tests.world import PASSWORD

PAGES = (
    "preferences",
    "password",
    "security",
    "passkeys",
    "connections",
    "sessions",
    "tokens",
    "people",
    "service-accounts",
)
NEW = "quite another password"


class Named(Server):
    """The same server under a name: a browser makes no passkeys for an IP address."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture(scope="module")
def settled(scene: Scene) -> Scene:
    """With somebody invited and a service account."""
    with scene.world.as_("admin"):
        invite_user(email=f"ada-{scene.world.tenant.slug}@example.org", display_name="Ada Lovelace")
        create_user(email=f"ci-{scene.world.tenant.slug}@example.org", display_name="CI", password=None, role="service")
    return scene


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_settings_page_has_a_fault(visit: Callable[..., Visitor], settled: Scene, theme: str, width: int) -> None:
    visitor = visit(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme)
    found = []
    for path in ("/forgot/", "/link/"):
        visitor.go(path)
        found += faults(visitor, path)
    visitor.sign_in(settled.world.admin)
    for page in PAGES:
        visitor.go(f"/settings/{page}/")
        found += faults(visitor, page)
    visitor.page.goto(f"{visitor.server.url}/settings/tokens/")
    visitor.page.get_by_label("What it is for").fill("CI")
    visitor.page.get_by_label("Read").check()
    visitor.page.get_by_role("button", name="Make the token").click()
    visitor.page.locator("#secret").wait_for()
    found += faults(visitor, "token")
    assert not found, "\n".join(found)


def test_the_code_of_a_link_goes_into_the_form_and_out_of_the_address(
    visit: Callable[..., Visitor], scene: Scene
) -> None:
    with scene.world.as_("admin"):
        code = issue_link(user=scene.world.stranger, purpose=LinkPurpose.INVITATION).code
    visitor = visit()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    page = visitor.go(f"/link/#{code}")
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("The same again").fill(NEW)
    assert code not in page.url
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("Your password is set.").wait_for()
    assert not [url for url in asked if code in url.partition("#")[0]]
    assert visitor.said == []


def test_a_saved_theme_is_the_one_of_this_browser(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit(scene.world.viewer)
    page = visitor.go("/settings/preferences/")
    page.get_by_label("Theme", exact=True).select_option("dark")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_an_app_is_added_in_the_browser_and_asked_for_at_the_next_sign_in(
    visit: Callable[..., Visitor], scene: Scene
) -> None:
    visitor = visit(scene.world.engineer)
    page = visitor.go("/settings/security/")
    page.get_by_role("button", name="Add an app").click()
    page.get_by_role("img", name="QR code").wait_for()
    found = faults(visitor, "enrolment")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_role("textbox", name="Code").fill(code_at(secret, timezone.now()))
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    found += faults(visitor, "recovery codes")
    code = page.locator(".codes code").first.inner_text()

    again = visit()
    page = again.go("/sign-in/")
    page.get_by_label("E-mail").fill(scene.world.engineer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="One more step").wait_for()
    found += faults(again, "second step")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    again.go("/confirm/")
    found += faults(again, "confirm")
    assert not found, "\n".join(found)


def test_a_passkey_of_the_browser_is_added_signs_in_and_is_removed(visit: Callable[..., Visitor], scene: Scene) -> None:
    visitor = visit()
    visitor.server = Named(visitor.server.port, visitor.server.process)
    devices = visitor.context.new_cdp_session(visitor.page)
    devices.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    visitor.sign_in(scene.world.reviewer)
    page = visitor.go("/settings/passkeys/")
    page.get_by_label("What you call it").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey is added.").wait_for()
    found = faults(visitor, "passkeys")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    visitor.go("/settings/passkeys/")
    page.get_by_role("button", name="Remove Laptop").click()
    page.get_by_text("Laptop is removed.").wait_for()
    assert not found + visitor.said, "\n".join(found + visitor.said)
