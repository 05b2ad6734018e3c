"""What is secret stays out of lines, and what is not stays readable."""

from typing import Any

import pytest

from common.telemetry.masking import DEEPEST, LONGEST, MASK, clean, clean_text, is_secret
from common.telemetry.web import PACES, pace_of

SECRETS = "password lease_token Authorization session_key client_secret apiKey X-API-Key set-cookie sessionid csrfToken"
ORDINARY = "author authored monkey keyboard key project_key session_count tokenizer input_token_count passage"


@pytest.mark.parametrize("name", SECRETS.split())
def test_a_secret_is_known_by_the_words_of_its_name(name: str) -> None:
    assert is_secret(name)
    assert clean(name, "hunter2") == MASK


@pytest.mark.parametrize("name", [name for name in ORDINARY.split() if name != "input_token_count"])
def test_a_name_that_only_contains_such_a_word_is_left_alone(name: str) -> None:
    assert clean(name, "hunter2") == "hunter2"


def test_a_number_is_never_a_secret() -> None:
    assert clean("input_token_count", 12_000) == 12_000
    assert clean("tokens", 3) == 3


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("email", "ada@example.org", "a***@example.org"),
        ("username", "ada", "a***"),
        ("actor_email", "ada@example.org", "a***@example.org"),
        ("note", "from ada.l@example.org to you", "from a***@example.org to you"),
    ],
)
def test_of_a_person_only_a_part_is_shown(name: str, value: str, shown: str) -> None:
    assert clean(name, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cmk_uABCDEFGHIJ_s3cr3t-x refused", "cmk_*** refused"),
        ("whsec_QUJD/+= kept", "whsec_*** kept"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer ***"),
        ("postgres://cm_app:hunter2@db:5432/x failed", "postgres://***@db:5432/x failed"),
        ("GET /ws/live/?ticket=abc123&since=4", "GET /ws/live/?ticket=***&since=4"),
        ("password=hunter2 host=db", "password=*** host=db"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-d", MASK),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", MASK),
        ("/reset/MQ/cxyz12-0123456789abcdef0123456789abcdef/", "/reset/MQ/***/"),
        ("/tasks/0192f7a4-1111-7222-8333-444455556666/", "/tasks/0192f7a4-1111-7222-8333-444455556666/"),
        ("/static/js/live.3f2a1b.js", "/static/js/live.3f2a1b.js"),
        ("a\x1b[31mred\u2028x", "a\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}x"),
    ],
)
def test_a_credential_is_found_in_any_text(text: str, shown: str) -> None:
    assert clean_text(text) == shown


def test_what_is_nested_is_masked_and_bounded() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"in": deep}
    assert clean("body", {"user": {"password": "hunter2", "names": ["a"]}}) == {
        "user": {"password": MASK, "names": ["a"]}
    }
    assert str(clean("body", deep)).count("in") == DEEPEST
    assert len(clean_text("x" * 100_000)) < LONGEST + 50


def test_a_pace_has_the_word_of_the_specification() -> None:
    assert [pace_of(limit) for limit, _ in PACES] == ["fast", "moderate", "slow"]
    assert pace_of(5.001) == "very_slow"
