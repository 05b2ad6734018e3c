"""`manage.py rotate_keys`: what the product must do after a key was put before another one (docs/OPERATIONS.md).

context: tell the database the keys of CONTEXT_KEY (needs DATABASE_OWNER_URL). fields: encrypt anew what older keys of
FIELD_KEYS encrypted. LEASE_KEY and SECRET_KEY need neither.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.crypto import FieldKeyError
from common.upkeep import owner
from common.upkeep.keys import reencrypt
from common.upkeep.owner import OwnerError


class Command(BaseCommand):
    help = "Finish a rotation of CONTEXT_KEY or FIELD_KEYS. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("which", choices=("context", "fields"))

    def handle(self, *args: Any, **options: Any) -> None:
        {"context": self.context, "fields": self.fields}[options["which"]]()

    def context(self) -> None:
        try:
            owner.prepare()
        except OwnerError as error:
            raise CommandError(str(error), returncode=error.code) from None
        self.stdout.write(f"The database knows {len(settings.CONTEXT_KEYS)} context keys.")

    def fields(self) -> None:
        try:
            done = reencrypt()
        except FieldKeyError as error:
            raise CommandError(
                f"{error} Nothing more was changed; put the missing key back behind the others."
            ) from None
        for label, count in sorted(done.items()):
            self.stdout.write(f"{label}: {count} encrypted anew")
        self.stdout.write("Everything is under the newest key: the older ones may go.")
