"""`manage.py seal`: sign what is placed, as the relay does all the time."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.log.sealer import seal_all
from audit.services.sealing import signing_key


class Command(BaseCommand):
    help = "Seal the log of every tenant: once, or until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="seal what is placed now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        signing_key()
        while True:
            refused = seal_all()
            if refused:
                self.stderr.write("\n".join(refused))
            if options["once"]:
                break
            time.sleep(settings.SEAL_SECONDS)
        if refused:
            raise CommandError("A log is not what was signed; nothing more is signed in it.")
