"""What each service of accounts leaves in the log: scenes for tests/test_services_record.py."""

from datetime import timedelta

from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiToken, Passkey, Session, User
from accounts.services.factors import code_at
from accounts.services.providers import Profile
from accounts.sessions import SessionStore
from tests.passkeys import Device
from tests.services.registry import SCENES, as_, leaves
from tests.staff import signed_in
from tests.world import PASSWORD, World


def invited() -> User:
    return accounts.invite_user(email="a@example.org", display_name="A")


def browser() -> HttpRequest:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    return request


def closed(world: World) -> User:
    return accounts.deactivate_user(user=world.viewer, reason="left")


def at_github(world: World) -> User:
    return accounts.connect_github(user=world.viewer, github_user_id=1, username="ada", access_token="gho_x")


def with_totp(world: World) -> str:
    """Give the viewer an authenticator app, and return its secret."""
    enrolment = accounts.begin_totp(user=world.viewer)
    accounts.confirm_totp(user=world.viewer, code=code_at(enrolment.secret, timezone.now()))
    return enrolment.secret


APP_ADDED = ("auth.second_factor_added", "auth.recovery_codes_made")


def with_passkey(world: World) -> Device:
    device = Device()
    asked = accounts.begin_passkey(request=browser(), user=world.viewer)
    answer = device.make(asked.options)
    accounts.add_passkey(request=browser(), user=world.viewer, word=asked.word, answer=answer)
    return device


PROFILE = Profile("oidc", "ada-1", "ada@example.org")


SCENES |= {
    "accounts.create_tenant": (lambda world: None, []),  # in a tenant of its own: accounts/tests/test_services.py
    "accounts.create_user": (
        as_("admin", lambda w: accounts.create_user(email="a@example.org", display_name="A", password=None)),
        ["user.created"],
    ),
    "accounts.update_user": (
        as_("admin", lambda w: accounts.update_user(user=w.viewer, display_name="New")),
        ["user.updated"],
    ),
    "accounts.invite_user": (
        as_("admin", lambda w: accounts.invite_user(email="a@example.org", display_name="A")),
        ["user.created", "user.invited"],
    ),
    "accounts.invite_again": (
        as_("admin", lambda w: accounts.invite_again(user=invited())),
        ["user.created", "user.invited", "user.invited"],
    ),
    "accounts.issue_link": (
        as_("admin", lambda w: accounts.issue_link(user=w.viewer, purpose="reset")),
        ["auth.link_issued"],
    ),
    "accounts.send_invitation": (
        as_("admin", lambda w: accounts.send_invitation(tenant_id=w.tenant.id, user_id=invited().id)),
        ["user.created", "user.invited", "auth.link_issued"],
    ),
    "accounts.send_reset": (lambda w: accounts.send_reset(email=w.viewer.email), ["auth.link_issued"]),
    "accounts.set_password": (
        as_("admin", lambda w: accounts.set_password(user=w.viewer, password="quite another password")),
        ["auth.password_changed"],
    ),
    "accounts.deactivate_user": (
        as_("admin", lambda w: accounts.deactivate_user(user=w.viewer, reason="left")),
        ["user.deactivated"],
    ),
    "accounts.delete_user": (
        as_("admin", lambda w: accounts.delete_user(user=w.stranger, reason="left")),
        ["api_token.revoked", "user.deleted"],
    ),
    "accounts.reactivate_user": (
        as_("admin", lambda w: accounts.reactivate_user(user=closed(w), reason="back")),
        ["user.deactivated", "user.reactivated"],
    ),
    "accounts.update_preferences": (
        as_("viewer", lambda w: accounts.update_preferences(user=w.viewer, theme="dark")),
        ["user.preferences_changed"],
    ),
    "accounts.connect_github": (as_("viewer", lambda w: at_github(w)), ["user.github_connected"]),
    "accounts.disconnect_github": (
        as_("viewer", lambda w: accounts.disconnect_github(user=at_github(w))),
        ["user.github_connected", "user.github_disconnected"],
    ),
    "accounts.rotate_token": (
        as_("viewer", lambda w: accounts.rotate_token(token=ApiToken.objects.get(user=w.viewer))),
        ["api_token.created", "api_token.revoked"],
    ),
    "accounts.create_token": (
        as_("admin", lambda w: accounts.create_token(user=w.viewer, name="t", scopes=["read"])),
        ["api_token.created"],
    ),
    "accounts.revoke_token": (
        as_("admin", lambda w: accounts.revoke_token(token=ApiToken.objects.get(user=w.viewer))),
        ["api_token.revoked"],
    ),
}


@leaves("accounts.sign_in", "auth.sign_in_succeeded")
def sign_in(world: World) -> None:
    accounts.sign_in(request=browser(), email=world.viewer.email, password=PASSWORD)


@leaves("accounts.begin_session", "auth.sign_in_succeeded")
def begin_session(world: World) -> None:
    accounts.begin_session(request=browser(), user=world.viewer, method="password")


@leaves("accounts.change_password", "auth.password_changed", "auth.sign_in_succeeded")
def change_password(world: World) -> None:
    with world.as_("viewer"):
        new = "quite another password"
        accounts.change_password(request=browser(), user=world.viewer, current=PASSWORD, password=new)


@leaves("accounts.confirm_totp", *APP_ADDED)
def confirm_totp(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)


@leaves("accounts.make_recovery_codes", *APP_ADDED, "auth.recovery_codes_made")
def make_recovery_codes(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.make_recovery_codes(user=world.viewer)


@leaves("accounts.remove_totp", *APP_ADDED, "auth.second_factor_removed")
def remove_totp(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.remove_totp(user=world.viewer)
        accounts.remove_totp(user=world.viewer)


@leaves("accounts.accept_code", *APP_ADDED, "auth.recovery_codes_made", "auth.recovery_code_used")
def accept_code(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.accept_code(user=world.viewer, code=accounts.make_recovery_codes(user=world.viewer)[0])


@leaves("accounts.finish_sign_in", *APP_ADDED, "auth.sign_in_succeeded")
def finish_sign_in(world: World) -> None:
    with world.as_("viewer"):
        secret = with_totp(world)
    passage = accounts.sign_in(request=browser(), email=world.viewer.email, password=PASSWORD).code
    later = code_at(secret, timezone.now() + timedelta(seconds=30))
    accounts.finish_sign_in(request=browser(), passage=passage, code=later)


@leaves("accounts.confirm", "auth.confirmed")
def confirm(world: World) -> None:
    accounts.confirm(request=browser(), user=world.viewer, password=PASSWORD)


@leaves("accounts.add_passkey", "auth.passkey_added")
def add_passkey(world: World) -> None:
    with world.as_("viewer"):
        with_passkey(world)


@leaves("accounts.remove_passkey", "auth.passkey_added", "auth.passkey_removed")
def remove_passkey(world: World) -> None:
    with world.as_("viewer"):
        with_passkey(world)
        passkey = Passkey.objects.get()
        accounts.remove_passkey(passkey=passkey)
        accounts.remove_passkey(passkey=passkey)


@leaves("accounts.confirm_with_passkey", "auth.passkey_added", "auth.confirmed")
def confirm_with_passkey(world: World) -> None:
    with world.as_("viewer"):
        device = with_passkey(world)
    asked = accounts.begin_passkey_sign_in(request=browser())
    answer = device.sign(asked.options)
    accounts.confirm_with_passkey(request=browser(), user=world.viewer, word=asked.word, answer=answer)


@leaves("accounts.sign_in_with_passkey", "auth.passkey_added", "auth.sign_in_succeeded")
def sign_in_with_passkey(world: World) -> None:
    with world.as_("viewer"):
        device = with_passkey(world)
    asked = accounts.begin_passkey_sign_in(request=browser())
    accounts.sign_in_with_passkey(request=browser(), word=asked.word, answer=device.sign(asked.options))


@leaves("accounts.connect_identity", "user.identity_connected")
def connect_identity(world: World) -> None:
    with world.as_("viewer"):
        accounts.connect_identity(user=world.viewer, profile=PROFILE)


@leaves("accounts.disconnect_identity", "user.identity_connected", "user.identity_disconnected")
def disconnect_identity(world: World) -> None:
    connect_identity(world)
    with world.as_("viewer"):
        accounts.disconnect_identity(user=world.viewer, provider="oidc")
        accounts.disconnect_identity(user=world.viewer, provider="oidc")


@leaves("accounts.sign_in_with_identity", "user.identity_connected", "auth.sign_in_succeeded")
def sign_in_with_identity(world: World) -> None:
    connect_identity(world)
    accounts.sign_in_with_identity(request=browser(), profile=PROFILE)


@leaves("accounts.use_link", "auth.link_issued", "auth.password_changed", "auth.link_used")
def use_link(world: World) -> None:
    with world.as_("system"):
        code = accounts.issue_link(user=world.viewer, purpose="reset").code
    accounts.use_link(request=browser(), code=code, password="quite another password")


@leaves("accounts.revoke_sessions", "auth.sign_in_succeeded", "auth.session_revoked")
def revoke_sessions(world: World) -> None:
    signed_in(world.viewer)
    with world.as_("viewer"):
        session = Session.objects.get(user=world.viewer)
        accounts.revoke_sessions(user=world.viewer, sessions=[session.id])
        accounts.revoke_sessions(user=world.viewer, sessions=[session.id])


@leaves("accounts.revoke_all_sessions", *["auth.sign_in_succeeded"] * 2, "auth.session_revoked")
def revoke_all_sessions(world: World) -> None:
    signed_in(world.viewer)
    signed_in(world.viewer)
    with world.as_("viewer"):
        kept = Session.objects.filter(user=world.viewer).latest("id").id
        accounts.revoke_all_sessions(user=world.viewer, keep=kept)
        assert Session.objects.get(user=world.viewer).id == kept


@leaves("accounts.end_session", "auth.sign_in_succeeded", "auth.signed_out")
def end_session(world: World) -> None:
    request = browser()
    accounts.sign_in(request=request, email=world.viewer.email, password=PASSWORD)
    accounts.end_session(request=request)
