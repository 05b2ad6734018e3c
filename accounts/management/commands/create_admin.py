"""`manage.py create_admin --if-missing`: the first tenant and its administrator. Prints one JSON line."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import create_admin_if_missing


class Command(BaseCommand):
    help = "Create the first tenant with an administrator and print the password, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="admin@countermark.local")
        parser.add_argument("--if-missing", action="store_true", help="Succeed quietly where a tenant exists.")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(15)
        user = create_admin_if_missing(email=options["email"], password=password)
        if user is None and not options["if_missing"]:
            raise CommandError("There is a tenant already. Add people in the admin.")
        answer = {"created": user is not None, "email": options["email"]}
        self.stdout.write(json.dumps(answer | ({"password": password} if user else {})))
