"""What the tables of accounts hold by themselves, whoever writes."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notification, Role, Tenant, User, UserPreference
from common.crypto import FieldKeyError, decrypt, encrypt
from tests.work import sql
from tests.world import World

NEW_KEY, OLD_KEY = b"n" * 32, b"o" * 32


def test_a_github_token_is_read_as_it_was_written_and_stored_otherwise(world: World) -> None:
    with world.as_("admin"):
        User.objects.filter(id=world.viewer.id).update(github_access_token="gho_secret")
        assert User.objects.get(id=world.viewer.id).github_access_token == "gho_secret"
        assert User.objects.get(id=world.engineer.id).github_access_token is None
        with pytest.raises(FieldError):
            User.objects.filter(github_access_token="gho_secret").exists()
    [[stored]] = sql(world, "SELECT github_access_token FROM accounts_user WHERE id = %s", world.viewer.id)
    assert "gho_secret" not in stored


def test_field_keys_are_rotated_and_a_lost_key_is_loud(settings: Any) -> None:
    settings.FIELD_KEYS = [OLD_KEY]
    before = encrypt("secret")
    settings.FIELD_KEYS = [NEW_KEY, OLD_KEY]
    assert decrypt(before) == "secret"
    after = encrypt("secret")
    settings.FIELD_KEYS = [NEW_KEY]
    assert decrypt(after) == "secret"
    for odd in (before, Fernet(Fernet.generate_key()).encrypt(b"secret").decode(), "", "plain"):
        with pytest.raises(FieldKeyError):
            decrypt(odd)


def test_the_database_derives_who_is_a_service_account(world: World) -> None:
    with world.as_("admin"):
        assert not User.objects.get(id=world.viewer.id).is_service_account
        User.objects.filter(id=world.viewer.id).update(role=Role.SERVICE, password="!")
        assert User.objects.get(id=world.viewer.id).is_service_account


def test_a_deleted_person_is_out_of_use_and_keeps_the_address(world: World) -> None:
    with world.as_("admin"):
        viewer = User.objects.get(id=world.viewer.id)
        rows = User.objects.filter(id=viewer.id)
        with pytest.raises(IntegrityError, match="deleted_is_inactive"), transaction.atomic():
            rows.update(deleted_at=timezone.now())
        rows.update(deleted_at=timezone.now(), is_active=False)
        assert not User.objects.filter(id=viewer.id).exists()
        assert User.all_objects.get(id=viewer.id).deleted_at
        again = {"display_name": "again", "password": "!", "username": viewer.username}
        with pytest.raises(IntegrityError, match="email"), transaction.atomic():
            User.objects.create(email=viewer.email, **again)
        assert User.objects.create(email="another@example.org", **again).username == viewer.username


def test_staff_roles_are_the_six_and_nothing_else(world: World) -> None:
    with world.as_("admin"):
        rows = User.objects.filter(id=world.viewer.id)
        rows.update(staff_roles=["viewer", "operator", "approver", "auditor", "project_admin", "platform_admin"])
        rows.update(staff_roles=[])
        with pytest.raises(IntegrityError, match="staff_roles"), transaction.atomic():
            rows.update(staff_roles=["viewer", "root"])


def test_a_trial_that_ends_is_a_trial(world: World) -> None:
    with world.as_("admin"), pytest.raises(IntegrityError, match="trial_ends"), transaction.atomic():
        Tenant.objects.update(is_trial=False, trial_ends_at=timezone.now())


@pytest.mark.parametrize("url", ["", "https://example.org/", "//example.org/", "tasks/"])
def test_a_notification_leads_into_this_site(world: World, url: str) -> None:
    with world.as_("admin"), pytest.raises(IntegrityError, match="notification_url"), transaction.atomic():
        Notification.objects.create(user=world.viewer, kind="task.assigned", title="Yours", url=url)


def test_people_see_their_own_notifications_and_preferences_only(world: World) -> None:
    with world.as_("admin"):
        for person in (world.viewer, world.engineer):
            Notification.objects.create(user=person, kind="task.assigned", title="Yours", url="/tasks/")
            UserPreference.objects.create(user=person)
        for rows in (Notification.objects.all(), UserPreference.objects.all()):
            assert [row.user_id for row in rows.visible_to(world.viewer.principal())] == [world.viewer.id]
            assert not rows.visible_to(world.agent_principal).exists()
        assert Notification.objects.visible_to(world.viewer.principal()).unread().count() == 1
