"""Migrations run as the owner; the app role has no DDL."""

from typing import Any

from django.conf import settings


class OwnerMigrates:
    """Send `migrate` to the owner's connection and refuse it on the app's."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner" or "owner" not in settings.DATABASES
