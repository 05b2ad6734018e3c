"""Passkeys: added by their owner, good for this site and each challenge once, gone when removed."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.utils import websafe_encode

from accounts.models import Passkey, Role, Tenant
from accounts.services import deactivate_user, update_user
from common.tests.elsewhere import AWAY
from tests.passkeys import FLAG, Device
from tests.staff import signed_in
from tests.work import newest_event
from tests.world import World


def question(client: Client, path: str) -> Any:
    answer = client.post(path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def add(client: Client, device: Device, name: str = "Laptop") -> Any:
    asked = question(client, "/settings/passkeys/question/")
    form = {"word": asked["word"], "answer": json.dumps(device.make(asked["options"])), "name": name}
    return client.post("/settings/passkeys/", form)


def sign_in(device: Device, **changed: Any) -> Any:
    """Sign in with a device, `changed` in the answer it gives; return the status of a page afterwards."""
    client = Client()
    asked = question(client, "/sign-in/passkey/question/")
    answer = device.sign(asked["options"]) | changed
    client.post("/sign-in/passkey/", {"word": asked["word"], "answer": json.dumps(answer)})
    return client.get("/inbox/").status_code


@pytest.fixture
def device(world: World) -> Device:
    """The viewer's, added."""
    made = Device()
    assert add(signed_in(world.viewer), made).status_code == 302
    return made


def test_a_passkey_signs_its_person_in(world: World, device: Device) -> None:
    assert sign_in(device) == 200
    event = newest_event(world, "auth.sign_in_succeeded")
    assert (event.resource_id, event.body) == (world.viewer.id, '{"method":"passkey"}')
    with world.as_("viewer"):
        assert Passkey.objects.get().last_used_at


def test_the_question_asks_for_a_key_that_is_found_and_unlocked_by_the_device(world: World, device: Device) -> None:
    asked = question(signed_in(world.viewer), "/settings/passkeys/question/")["options"]["publicKey"]
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["rp"]["id"] == "testserver"
    assert [one["id"] for one in asked["excludeCredentials"]] == [websafe_encode(device.credential_id)]


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "http://evil.example"},
        {"origin": "https://testserver"},
        {"site": "evil.example"},
        {"flags": FLAG.UP},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"credential_id": b"another key"},
        {"handle": websafe_encode(bytes(32))},
        {"handle": websafe_encode(b"short")},
    ],
)
def test_anything_else_is_refused(world: World, device: Device, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(device, name, value)
    assert sign_in(device) == 302


@pytest.mark.parametrize("changed", [{"response": {}}, {"rawId": 3}, {"response": None}])
def test_an_answer_that_is_none_is_refused(world: World, device: Device, changed: dict[str, Any]) -> None:
    assert sign_in(device, **changed) == 302


def test_a_wrong_signature_is_in_the_log_of_its_person(world: World, device: Device) -> None:
    device.key = ec.generate_private_key(ec.SECP256R1())
    assert sign_in(device) == 302
    event = newest_event(world, "auth.sign_in_failed")
    assert (event.resource_id, event.outcome, event.body) == (world.viewer.id, "denied", '{"method":"passkey"}')


def test_a_challenge_is_answered_once(world: World, device: Device) -> None:
    asked = question(Client(), "/sign-in/passkey/question/")
    form = {"word": asked["word"], "answer": json.dumps(device.sign(asked["options"]))}
    first, second = Client(), Client()
    for client in (first, second):
        client.post("/sign-in/passkey/", form)
    assert [client.get("/inbox/").status_code for client in (first, second)] == [200, 302]


def test_a_challenge_for_adding_signs_nobody_in_and_one_persons_serves_no_other(world: World, device: Device) -> None:
    asked = question(signed_in(world.viewer), "/settings/passkeys/question/")
    client = Client()
    client.post("/sign-in/passkey/", {"word": asked["word"], "answer": json.dumps(device.sign(asked["options"]))})
    assert client.get("/inbox/").status_code == 302
    asked = question(signed_in(world.reviewer), "/settings/passkeys/question/")
    other = Device(credential_id=b"other")
    form = {"word": asked["word"], "answer": json.dumps(other.make(asked["options"]))}
    assert signed_in(world.viewer).post("/settings/passkeys/", form).status_code == 401


def test_a_key_that_counts_and_goes_back_was_copied(world: World, device: Device) -> None:
    statuses = []
    for device.count in (5, 6, 6, 4, 7):
        statuses.append(sign_in(device))
    assert statuses == [200, 200, 302, 302, 200]


def test_a_program_signs_in_with_no_passkey_that_its_person_had(world: World, device: Device) -> None:
    with world.as_("admin"):
        passkey = Passkey.objects.get()
        update_user(user=world.viewer, role=Role.SERVICE, reason="It is a program.")
        assert not Passkey.objects.exists()
        passkey.save(force_insert=True)  # whoever wrote it
    assert sign_in(device) == 302


def test_a_removed_passkey_and_a_closed_account_sign_nobody_in(world: World, device: Device) -> None:
    client = signed_in(world.viewer)
    with world.as_("viewer"):
        passkey = Passkey.objects.get()
    assert signed_in(world.reviewer).post("/settings/passkeys/", {"passkey": passkey.id}).status_code == 404
    with world.as_("admin"):
        deactivate_user(user=world.viewer, reason="left")
    assert sign_in(device) == 302
    with world.as_("admin"):
        type(world.viewer).objects.filter(id=world.viewer.id).update(is_active=True)
        Tenant.objects.update(is_active=False)
    assert sign_in(device) == 302
    with world.as_("admin"):
        Tenant.objects.update(is_active=True)
    client = signed_in(world.viewer)
    assert client.post("/settings/passkeys/", {"passkey": passkey.id}).status_code == 302
    assert sign_in(device) == 302
    assert newest_event(world, "auth.passkey_removed").concerns == [world.viewer.id]


def test_the_same_key_is_added_once(world: World, device: Device) -> None:
    assert add(signed_in(world.viewer), device).status_code == 422


def test_only_a_session_with_a_recent_proof_adds_one(world: World, settings: Any) -> None:
    client = signed_in(world.viewer)
    settings.STEP_UP_MINUTES = -1
    assert client.post("/settings/passkeys/question/").headers["Location"].startswith("/confirm/")
    assert Client().post("/settings/passkeys/question/").headers["Location"].startswith("/sign-in/")


def test_a_passkey_confirms_who_one_is_and_nobody_elses_does(world: World, device: Device, settings: Any) -> None:
    settings.STEP_UP_MINUTES = -1

    def confirmed(user: Any) -> str:
        client = signed_in(user)
        asked = question(client, "/sign-in/passkey/question/")
        form = {"word": asked["word"], "answer": json.dumps(device.sign(asked["options"])), "next": "/inbox/"}
        location: str = client.post("/confirm/passkey/", form).headers["Location"]
        return location

    assert b"data-passkey" in signed_in(world.viewer).get("/confirm/").content
    assert b"data-passkey" not in signed_in(world.reviewer).get("/confirm/").content
    assert confirmed(world.viewer) == "/inbox/"
    assert newest_event(world, "auth.confirmed").body == '{"method":"passkey"}'
    assert confirmed(world.reviewer) == "/confirm/?next=%2Finbox%2F"
    assert Client().post("/confirm/passkey/").headers["Location"].startswith("/sign-in/")


def test_without_redis_passkeys_say_so(world: World, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": AWAY}}
    assert Client().post("/sign-in/passkey/question/").status_code == 503


def test_under_an_address_without_a_name_there_are_none(world: World) -> None:
    answer = Client(SERVER_NAME="127.0.0.1").post("/sign-in/passkey/question/")
    assert (answer.status_code, "IP address" in answer.json()["detail"]) == (409, True)
    assert b"data-passkey" not in Client(SERVER_NAME="127.0.0.1").get("/sign-in/").content
    assert b"data-passkey" in Client().get("/sign-in/").content


@pytest.mark.parametrize(
    "path", ["/sign-in/passkey/", "/sign-in/passkey/question/", "/settings/passkeys/question/", "/confirm/passkey/"]
)
def test_other_methods_are_refused(world: World, path: str) -> None:
    assert signed_in(world.viewer).get(path).status_code == 405


def test_a_form_without_an_answer_is_refused(world: World) -> None:
    assert Client().post("/sign-in/passkey/", {"word": "x", "answer": "[]"}).status_code == 404
    assert signed_in(world.viewer).post("/settings/passkeys/", {"word": "x", "answer": "no"}).status_code == 422
