"""`manage.py setup_database`: roles, extensions and context keys, through DATABASE_OWNER_URL. Safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.upkeep.owner import OwnerError, prepare


class Command(BaseCommand):
    help = "Create the database roles, extensions and context keys (needs DATABASE_OWNER_URL)."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prepare()
        except OwnerError as error:
            raise CommandError(str(error), returncode=error.code) from None
        self.stdout.write("Database roles, extensions and keys are in place.")
