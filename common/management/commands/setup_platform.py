"""`manage.py setup_platform`: everything between an empty server and a product that may be started. Safe to repeat.

Exit codes: 0 done, 1 something is not as it must be, 2 a setting is missing or wrong, 3 the server refuses.
"""

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from common.upkeep import owner
from common.upkeep.owner import OwnerError
from common.upkeep.verification import CHECKS, WORKERS


class Command(BaseCommand):
    help = "Create the database with roles and keys, migrate it, make the first administrator, and verify it all."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [check.name for check in CHECKS]
        parser.add_argument("--verify-only", action="store_true", help="Change nothing; only look.")
        parser.add_argument("--skip-seeds", action="store_true", help="Make no first administrator.")
        parser.add_argument("--demo", action="store_true", help="Also make the demonstration data (seed_demo --force).")
        parser.add_argument("--email", default="admin@countermark.local", help="The first administrator's address.")
        parser.add_argument("--with-workers", action="store_true", help="Verify that workers and beat run, too.")
        parser.add_argument("--without", action="append", default=[], choices=names, help="Leave a check out.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["verify_only"]:
                self.set_up(options)
        except OwnerError as error:
            raise CommandError(str(error), returncode=error.code) from None
        except (psycopg.Error, DatabaseError) as error:
            raise CommandError(f"The server refuses ({type(error).__name__}).", returncode=3) from error
        # Workers start after set-up: nobody could find them yet.
        without = [*options["without"], *([] if options["with_workers"] else [WORKERS.name])]
        call_command("verify_infrastructure", *(f"--without={name}" for name in without), stdout=self.stdout)

    def set_up(self, options: dict[str, Any]) -> None:
        made = owner.create_database()
        self.stdout.write(f"database {'created' if made else 'is there'}")
        owner.prepare()
        self.stdout.write("roles, extensions and keys are in place")
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
        self.stdout.write("migrations are applied")
        if not options["skip_seeds"]:
            call_command("create_admin", if_missing=True, email=options["email"], stdout=self.stdout)
        if options["demo"]:
            call_command("seed_demo", force=True, stdout=self.stdout)
