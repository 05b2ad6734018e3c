"""`manage.py create_admin`: the first tenant and its administrator, or a new password for somebody who lost theirs.

Prints one JSON line.
"""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import create_admin_if_missing, set_password
from accounts.services.people import tenant_of_login
from common.context import SYSTEM
from common.tenancy import tenant_context


class Command(BaseCommand):
    help = "Create the first tenant with an administrator and print the password, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default="admin@countermark.local")
        parser.add_argument("--if-missing", action="store_true", help="Succeed quietly where a tenant exists.")
        parser.add_argument("--reset-password", action="store_true", help="Give --email a new password.")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(15)
        if options["reset_password"]:
            self.reset(options["email"], password)
            return
        user = create_admin_if_missing(email=options["email"], password=password)
        if user is None and not options["if_missing"]:
            raise CommandError("There is a tenant already. Add people in the admin.")
        answer = {"created": user is not None, "email": options["email"]}
        self.stdout.write(json.dumps(answer | ({"password": password} if user else {})))

    def reset(self, email: str, password: str) -> None:
        """Set the new password in the person's tenant; whoever may run this has the machine anyway."""
        tenant_id = tenant_of_login(email)
        if tenant_id is None:
            raise CommandError(f"Nobody signs in with {email}.")
        with tenant_context(tenant_id, actor=SYSTEM):
            user = User.objects.get(email=email.lower())
            set_password(user=user, password=password, reason="reset on the machine", must_change=True)
        self.stdout.write(json.dumps({"reset": True, "email": email, "password": password}))
