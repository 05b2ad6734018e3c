"""Keys change and nothing is lost: what the old one encrypted is read, encrypted anew, and then needs it no more."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from common.crypto import FieldKeyError
from common.tenancy import tenant_context
from common.upkeep.keys import BATCH, encrypted_fields, reencrypt
from tests.world import World

OLD, NEW = b"o" * 32, b"n" * 32
LABEL = "accounts.user.github_access_token"


@pytest.fixture
def sealed(world: World, settings: Settings) -> World:
    """Two people have a token that is encrypted under the old key."""
    settings.FIELD_KEYS = [OLD]
    for name in ("engineer", "viewer"):
        write(world, name, f"gho_{name}")
    return world


def write(world: World, name: str, token: str) -> None:
    with world.as_("system"):
        User.objects.filter(id=world.people[name].id).update(github_access_token=token)


def read(world: World, name: str) -> Any:
    with world.as_("system"):
        return User.objects.get(id=world.people[name].id).github_access_token


def stored(world: World) -> list[str]:
    with tenant_context(world.tenant.id, actor=world.admin.actor), connection.cursor() as cursor:
        cursor.execute(
            "SELECT github_access_token FROM accounts_user WHERE github_access_token IS NOT NULL ORDER BY id"
        )
        return [text for (text,) in cursor.fetchall()]


def test_what_an_old_key_encrypted_is_encrypted_anew_once(sealed: World, settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    assert read(sealed, "engineer") == "gho_engineer"
    write(sealed, "viewer", "gho_newer")
    before = stored(sealed)
    assert reencrypt()[LABEL] == 1
    after = stored(sealed)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    settings.FIELD_KEYS = [NEW]
    assert [read(sealed, name) for name in ("engineer", "viewer")] == ["gho_engineer", "gho_newer"]
    assert reencrypt()[LABEL] == 0
    assert stored(sealed) == after


def test_more_rows_than_a_batch_are_all_seen(
    sealed: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BATCH > 1
    monkeypatch.setattr("common.upkeep.keys.BATCH", 1)
    settings.FIELD_KEYS = [NEW, OLD]
    assert reencrypt()[LABEL] == 2


def test_a_key_taken_away_too_early_is_loud_and_changes_nothing(sealed: World, settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW]
    before = stored(sealed)
    with pytest.raises(FieldKeyError):
        reencrypt()
    with pytest.raises(CommandError, match="put the missing key back"):
        call_command("rotate_keys", "fields")
    assert stored(sealed) == before


def test_the_command_says_when_the_old_key_may_go(sealed: World, settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    out = StringIO()
    call_command("rotate_keys", "fields", stdout=out)
    assert f"{LABEL}: 2 encrypted anew" in out.getvalue()
    assert "the older ones may go" in out.getvalue()


def test_every_encrypted_field_is_found() -> None:
    found = {f"{model._meta.label_lower}.{name}" for model, name in encrypted_fields()}
    assert {LABEL, "audit.deliveryendpoint.secret", "audit.subjectkey.key"} <= found
