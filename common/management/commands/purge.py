"""`manage.py purge`: delete now what is older than its retention says; beat does it each day by itself."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.retention import KINDS, purge_everything


class Command(BaseCommand):
    help = "Delete what is older than RETENTION_DAYS_… says; --list only says what is kept for how long."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--list", action="store_true", help="Delete nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for name in sorted(KINDS):
                self.stdout.write(f"{name}: {settings.RETENTION_DAYS[name]} days")
            return
        for name, count in sorted(purge_everything().items()):
            self.stdout.write(f"{name}: {count} deleted")
