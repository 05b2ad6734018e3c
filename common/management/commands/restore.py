"""`manage.py restore FOLDER`: a backup into a new or empty database, compared with what the backup says.

Exit codes: 0 all is there, 1 something differs, 2 a setting or the backup is wrong, 3 the server or pg_restore refuses.
"""

from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from common.upkeep.backup import Manifest
from common.upkeep.owner import OwnerError
from common.upkeep.restore import restore


class Command(BaseCommand):
    help = "Restore a backup into the database that DATABASE_OWNER_URL and DATABASE_URL name; it must be new or empty."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="The folder that backup printed.")
        parser.add_argument("--without-files", action="store_true", help="The database only.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = Manifest.read(options["folder"])
            different = restore(options["folder"], with_files=not options["without_files"])
        except OwnerError as error:
            raise CommandError(str(error), returncode=error.code) from None
        # The old log may have gone on after the backup: another tree under the same name would look like a forgery.
        for tenant in manifest.positions:
            reason = f"Restored from the backup of {manifest.made_at}."
            call_command("log_keys", tenant=UUID(tenant), new_tree=reason, stdout=StringIO())
        for line in different:
            self.stdout.write(line)
        if different:
            raise CommandError("The restored database is not what was backed up.")
        self.stdout.write(
            "Every row and every position of the log is there. Now: manage.py setup_platform --verify-only"
        )
