"""`manage.py setup_database`: roles, extensions and context keys, through DATABASE_OWNER_URL. Safe to repeat."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common.tenancy.setup import prepare_database


class Command(BaseCommand):
    help = "Create the database roles, extensions and context keys (needs DATABASE_OWNER_URL)."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def handle(self, *args: Any, **options: Any) -> None:
        owner_url = os.environ.get("DATABASE_OWNER_URL")
        if not owner_url:
            raise CommandError("DATABASE_OWNER_URL is not set: give the URL of a login that may create roles.")
        app = urlsplit(os.environ["DATABASE_URL"])
        if app.username != "cm_app":
            raise CommandError("DATABASE_URL must sign in as cm_app: row security is granted to that role.")
        try:
            prepare_database(owner_url, app_password=unquote(app.password or ""), context_keys=settings.CONTEXT_KEYS)
        except psycopg.Error as error:
            raise CommandError(f"The owner's login could not prepare the database: {error}") from error
        self.stdout.write("Database roles, extensions and keys are in place.")
