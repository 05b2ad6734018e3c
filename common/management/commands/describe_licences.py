"""`manage.py describe_licences`: docs/LICENCES.md, from the pins and the installed packages."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.upkeep.licences import page


class Command(BaseCommand):
    help = "Print the licences of all dependencies."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(settings.BASE_DIR), ending="")
