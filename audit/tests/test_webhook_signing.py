"""Signatures, by the published example of Standard Webhooks."""

import base64

from audit.webhooks.signing import headers_of, new_secret, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IDENTIFIER, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
# standard-webhooks/standard-webhooks, libraries/*/tests: the same in every language
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_is_signed_to_the_byte() -> None:
    assert signature(SECRET, IDENTIFIER, TIMESTAMP, BODY) == SIGNED


def test_every_part_is_signed() -> None:
    assert signature(SECRET, IDENTIFIER, TIMESTAMP, BODY + b" ") != SIGNED
    assert signature(SECRET, IDENTIFIER, TIMESTAMP + 1, BODY) != SIGNED
    assert signature(SECRET, f"{IDENTIFIER}x", TIMESTAMP, BODY) != SIGNED
    assert signature(new_secret(), IDENTIFIER, TIMESTAMP, BODY) != SIGNED


def test_during_a_rotation_both_secrets_sign() -> None:
    headers = headers_of([new_secret(), SECRET], IDENTIFIER, TIMESTAMP, BODY)
    assert headers["webhook-id"] == IDENTIFIER
    assert headers["webhook-timestamp"] == "1614265330"
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert headers["webhook-signature"].endswith(SIGNED)


def test_a_secret_has_the_length_that_the_specification_asks_for() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert secret != new_secret()
