"""Bearer tokens: what they look like, when they work, when they stop."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Role, Tenant, User
from accounts.queries import still_valid
from accounts.services import authenticate_token, create_token, create_user, deactivate_user, revoke_token
from accounts.services.tickets import issue_ticket, redeem_ticket
from accounts.services.tokens import checksum, digest, well_formed
from common.errors import Invalid, Unavailable
from common.tests.elsewhere import AWAY
from tests.work import events_of, newest_event, sql
from tests.world import World


def viewers_token(world: World) -> ApiToken:
    with world.as_("system"):
        return ApiToken.objects.get(user=world.viewer)


def test_a_token_names_its_kind_and_ends_with_a_checksum(world: World) -> None:
    person, agent = world.tokens["viewer"], world.token
    assert person.startswith("cmk_u")
    assert agent.startswith("cmk_a")
    assert person[5:15] == viewers_token(world).prefix
    for secret in (person, agent):
        assert well_formed(secret)
        assert secret[-6:] == checksum(secret[:-6])


def test_only_the_digest_is_stored(world: World) -> None:
    secret = world.tokens["viewer"]
    [[row]] = sql(world, "SELECT t::text FROM accounts_apitoken t WHERE user_id = %s", world.viewer.id)
    assert secret not in row
    assert secret[16:-6] not in row
    assert bytes(viewers_token(world).digest) == digest(secret)


def test_a_persons_token_speaks_for_the_person(world: World) -> None:
    principal = authenticate_token(world.tokens["viewer"])
    assert principal
    assert (principal.tenant_id, principal.user_id, principal.agent_id) == (world.tenant.id, world.viewer.id, None)
    assert principal.scopes == {"read", "write", "approve", "admin"}
    assert (principal.via, principal.is_agent, principal.label) == ("token", False, "Viewer")


def test_an_agents_token_speaks_for_its_agent_on_behalf_of_the_owner(world: World) -> None:
    principal = authenticate_token(world.token)
    assert principal
    assert (principal.agent_id, principal.user_id) == (world.agent.id, world.engineer.id)
    assert principal.scopes == {"read", "work"}
    assert principal.actor.on_behalf_of == world.engineer.id
    assert not principal.sees_all_projects


@pytest.mark.parametrize("position", [4, 10, 30, -1])
def test_a_changed_token_is_refused_without_asking_the_database(world: World, position: int) -> None:
    secret = world.tokens["viewer"]
    changed = list(secret)
    changed[position] = "x" if secret[position] != "x" else "y"
    with CaptureQueriesContext(connection) as asked:
        assert authenticate_token("".join(changed)) is None
    assert len(asked) == 0


@pytest.mark.parametrize("secret", ["", "cmk_", "cmk_u", "Bearer x", "é" * 60, "cmk_u" + "0" * 80, "\x00" * 60])
def test_noise_is_no_token(world: World, secret: str) -> None:
    assert authenticate_token(secret) is None


def test_a_well_formed_token_that_was_never_issued_is_refused(world: World) -> None:
    body = "cmk_u0123456789_" + "A" * 43
    assert well_formed(body + checksum(body))
    assert authenticate_token(body + checksum(body)) is None


def test_an_expired_token_is_refused(world: World) -> None:
    sql(world, "UPDATE accounts_apitoken SET expires_at = now() - interval '1 second'")
    assert authenticate_token(world.tokens["viewer"]) is None
    assert authenticate_token(world.token) is None


def test_a_revoked_token_is_refused_and_stays_revoked(world: World) -> None:
    token = viewers_token(world)
    with world.as_("admin"):
        revoke_token(token=token, reason="leaked")
        first = token.revoked_at
        revoke_token(token=token, reason="again")
    assert token.revoked_at == first
    assert authenticate_token(world.tokens["viewer"]) is None
    assert events_of(world, resource_id=token.id).count("api_token.revoked") == 1
    event = newest_event(world, "api_token.revoked")
    assert (event.reason, event.concerns) == ("leaked", [world.viewer.id])


def test_a_deactivated_owner_takes_tokens_and_agents_along(world: World) -> None:
    with world.as_("admin"):
        deactivate_user(user=world.engineer, reason="left")
    assert authenticate_token(world.tokens["engineer"]) is None
    assert authenticate_token(world.token) is None


def test_a_closed_tenants_tokens_are_refused(world: World) -> None:
    with world.as_("system"):
        Tenant.objects.update(is_active=False)
    assert authenticate_token(world.tokens["admin"]) is None


def test_a_socket_notices_that_its_token_was_revoked(world: World) -> None:
    principal = authenticate_token(world.tokens["viewer"])
    assert principal
    token = viewers_token(world)
    with world.as_("admin"):
        assert still_valid(principal)
        revoke_token(token=token)
        assert still_valid(principal) is None


def test_use_is_noted_at_most_once_a_minute(world: World) -> None:
    authenticate_token(world.tokens["viewer"])
    first = viewers_token(world).last_used_at
    assert first
    authenticate_token(world.tokens["viewer"])
    assert viewers_token(world).last_used_at == first
    sql(world, "UPDATE accounts_apitoken SET last_used_at = now() - interval '61 seconds'")
    authenticate_token(world.tokens["viewer"])
    assert timezone.now() - (viewers_token(world).last_used_at or first) < timedelta(seconds=30)


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "everything"]])
def test_unknown_or_no_scopes_are_refused(world: World, scopes: list[str]) -> None:
    with world.as_("admin"), pytest.raises(Invalid) as refusal:
        create_token(user=world.viewer, name="t", scopes=scopes)
    assert "scopes" in refusal.value.extra["errors"]


@pytest.mark.parametrize("days", [None, 91, -1])
def test_an_agents_token_must_expire_within_ninety_days(world: World, days: int | None) -> None:
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    with world.as_("admin"), pytest.raises(Invalid) as refusal:
        create_token(user=world.engineer, agent_id=world.agent.id, name="t", scopes=["work"], expires_at=expires_at)
    assert "expires_at" in refusal.value.extra["errors"]


def test_the_database_refuses_an_agents_token_without_an_end(world: World) -> None:
    with world.as_("admin"), pytest.raises(IntegrityError, match="agent_expires"), transaction.atomic():
        ApiToken.objects.filter(agent_id=world.agent.id).update(expires_at=None)


def test_making_a_token_is_recorded_without_its_secret(world: World) -> None:
    with world.as_("admin"):
        issued = create_token(user=world.viewer, name="laptop", scopes=["write", "read"])
    event = newest_event(world, "api_token.created")
    assert event.body == f'{{"prefix":"{issued.token.prefix}","scopes":["read","write"]}}'
    assert (event.resource_label, event.concerns) == ("laptop", [world.viewer.id])
    assert issued.secret[16:-6] not in event.body + event.reason


def test_people_see_their_own_tokens_and_administrators_all(world: World) -> None:
    with world.as_("admin"):
        own = ApiToken.objects.visible_to(world.viewer.principal())
        assert {token.user_id for token in own} == {world.viewer.id}
        everybodys = ApiToken.objects.visible_to(world.admin.principal())
        assert everybodys.count() == ApiToken.objects.count() == len(world.tokens) + 1
        assert User.objects.visible_to(world.viewer.principal()).count() == 5


def test_a_ticket_opens_one_door_once(world: World) -> None:
    principal = authenticate_token(world.tokens["viewer"])
    assert principal
    ticket = issue_ticket(principal=principal)
    assert redeem_ticket(ticket) == principal
    assert redeem_ticket(ticket) is None
    assert redeem_ticket("guess") is None


def test_a_ticket_of_somebody_just_made_keeps_the_role(world: World) -> None:
    with world.as_("admin"):
        manager = create_user(email="m@example.org", display_name="M", password=None, role=Role.MANAGER)
    principal = redeem_ticket(issue_ticket(principal=manager.principal()))
    assert principal == manager.principal()


def test_without_redis_no_ticket_is_given_and_none_is_good(world: World, settings: Any) -> None:
    ticket = issue_ticket(principal=world.viewer.principal())
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": AWAY}}
    assert redeem_ticket(ticket) is None
    with pytest.raises(Unavailable):
        issue_ticket(principal=world.viewer.principal())
