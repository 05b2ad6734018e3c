"""`manage.py seed_demo`: the company of the specification, its people, agents, projects and a plan with gates.

It may run again: what exists stays as it is. Passwords come from SEED_PASSWORD, or are made and printed once.
"""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from tasks.management.seed.play import seed

PASSWORD = "SEED_PASSWORD"  # noqa: S105  # the variable's name


class Command(BaseCommand):
    help = "Make the demonstration data. Safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password-from-env", default=PASSWORD, metavar="NAME", help=f"Default: {PASSWORD}.")
        parser.add_argument("--force", action="store_true", help="Also where this is no development database.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEVELOPMENT or options["force"]):
            raise CommandError("This is no development database. Use --force to put the demonstration into it.")
        try:
            seeded = seed(password=os.environ.get(options["password_from_env"], ""))
        except DomainError as error:
            raise CommandError(error.detail) from error
        made = ", ".join(f"{number} {kind}" for kind, number in sorted(seeded.made.items()))
        self.stdout.write(f"Made {made}." if made else "Everything was there already.")
        for email, password in seeded.passwords.items():
            self.stdout.write(f"  {email}  {password}")
        if seeded.passwords:
            self.stdout.write("These passwords are shown once and stored nowhere.")
