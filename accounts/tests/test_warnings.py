"""What is done to an account is a warning to its holder: each deed that the documents name, through the log."""

import pytest

from accounts import events, services
from accounts.models import Notification
from accounts.services import notify
from audit.events import CATALOGUE
from audit.models import Event
from tests.world import World

# The deeds are played in tests/services/accounts.py; here is that each is told.
TOLD = {
    "api_token.created",
    "auth.password_changed",
    "auth.passkey_added",
    "auth.passkey_removed",
    "auth.recovery_code_used",
    "auth.recovery_codes_made",
    "auth.second_factor_added",
    "auth.second_factor_removed",
    "user.github_connected",
    "user.github_disconnected",
    "user.identity_connected",
    "user.identity_disconnected",
}


def test_the_warnings_are_those_that_the_documents_name() -> None:
    assert {name for name, entry in CATALOGUE.items() if entry.notifies == events.HOLDER} == TOLD


def warned(world: World) -> list[str]:
    with world.as_("system"):
        notify(events=Event.objects.filter(concerns__contains=[world.viewer.id]))
        rows = Notification.objects.filter(user=world.viewer, is_warning=True).exclude(kind="api_token.created")
        return list(rows.order_by("id").values_list("kind", flat=True))


def test_a_first_password_is_told_too(world: World) -> None:
    """Who signs in through a provider only has none: another one's link would be a way in."""
    with world.as_("system"):
        world.viewer.set_unusable_password()
        world.viewer.save(update_fields=["password"])
    with world.as_("admin"):
        services.set_password(user=world.viewer, password="quite another password")
    assert warned(world) == ["auth.password_changed"]


@pytest.mark.parametrize(("again", "told"), [(1, ["user.github_connected"]), (2, ["user.github_connected"] * 2)])
def test_a_renewed_github_token_is_no_new_way_in(world: World, again: int, told: list[str]) -> None:
    with world.as_("viewer"):
        for number in (1, again):
            services.connect_github(user=world.viewer, github_user_id=number, username="ada", access_token=f"t{number}")
    assert warned(world) == told
