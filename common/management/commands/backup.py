"""`manage.py backup`: the database and the stored files, in a folder of their own. Prints where it is.

Exit codes: 0 done, 2 a setting is missing or wrong, 3 the server or pg_dump refuses.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.upkeep import backup
from common.upkeep.owner import OwnerError


class Command(BaseCommand):
    help = "Back up database and files (BACKUP_DATABASE_URL, or else DATABASE_OWNER_URL)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR or None, help="Default: BACKUP_DIR.")
        parser.add_argument("--without-files", action="store_true", help="The database only.")
        parser.add_argument("--keep", type=int, default=0, help="Then remove all but the newest so many.")

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.BACKUP_DATABASE_URL or os.environ.get("DATABASE_OWNER_URL", "")
        if not url:
            raise CommandError("Set BACKUP_DATABASE_URL to a login that is a member of cm_backup.", returncode=2)
        if options["to"] is None:
            raise CommandError("Set BACKUP_DIR, or say --to FOLDER.", returncode=2)
        try:
            made = backup.back_up(url=url, folder=options["to"], with_files=not options["without_files"])
        except OwnerError as error:
            raise CommandError(str(error), returncode=error.code) from None
        self.stdout.write(str(made))
        if options["keep"]:
            for path in backup.prune(options["to"], options["keep"]):
                self.stdout.write(f"removed {path}")
