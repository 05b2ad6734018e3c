"""`manage.py describe_settings`: docs/CONFIGURATION.md, from the settings as they are read."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print the page of all environment variables: kind, default, what they do, which process."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(settings.VARIABLES.page(settings.BASE_DIR), ending="")
