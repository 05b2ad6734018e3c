"""`manage.py load_sample`: a tenant with as much in it as one asks for, to measure and to try things at scale."""

import calendar
import logging
import os
import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Role
from accounts.services import create_tenant, create_user
from audit.log.relay import place
from common.context import SYSTEM
from common.errors import Conflict
from common.tenancy import tenant_context
from tasks.management.load.fill import BATCH, Fill
from tasks.management.load.progress import Progress
from tasks.management.load.rows import DAYS, Sizes, fills


class Command(BaseCommand):
    help = "Fill a tenant of its own with sample rows. The same seed and sizes give the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, number in (("users", 1000), ("projects", 20), ("agents", 200), ("tasks", 20000), ("events", 100000)):
            parser.add_argument(f"--{name}", type=int, default=number)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--slug", default="sample", help="The new tenant's name in addresses.")
        parser.add_argument("--without-positions", action="store_true", help="Leave the log's positions to the relay.")
        parser.add_argument("--force", action="store_true", help="Also where this is no development database.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEVELOPMENT or options["force"]):
            raise CommandError("This is no development database. Use --force to put sample rows into it.")
        try:
            sizes = Sizes(**{name: options[name] for name in ("users", "projects", "agents", "tasks", "events")})
            tenant = create_tenant(name="Sample", slug=options["slug"])
        except (ValueError, Conflict) as error:
            raise CommandError(getattr(error, "detail", str(error))) from error
        parameters = {"seed": options["seed"], "mark": options["slug"]} | period()
        with unhurried():
            for fill in fills(sizes):
                self.load(tenant.id, fill, parameters)
        self.add_admin(tenant.id, options["slug"])
        if not options["without_positions"]:
            self.position(sizes.events)
        self.stdout.write(self.style.SUCCESS(f"The tenant {options['slug']} is ready. Run ANALYZE before measuring."))

    def add_admin(self, tenant_id: UUID, slug: str) -> None:
        """Somebody who can look at it; the password is SEED_PASSWORD, or made here and printed once."""
        given = os.environ.get("SEED_PASSWORD")
        password = given or secrets.token_urlsafe(15)
        email = f"admin@{slug}.example.org"
        with tenant_context(tenant_id, actor=SYSTEM):
            create_user(email=email, display_name="Sample admin", password=password, role=Role.ADMIN, is_staff=True)
        self.stdout.write(f"Sign in as {email}" + ("" if given else f" with {password}"))

    def load(self, tenant_id: UUID, fill: Fill, parameters: dict[str, Any]) -> None:
        """Insert a table's rows, a transaction a batch: an interrupted run keeps what it has."""
        with Progress(sys.stderr, fill.title, fill.rows) as tell:
            for first in range(0, fill.rows, BATCH):
                last = min(first + BATCH, fill.rows) - 1
                with tenant_context(tenant_id, actor=SYSTEM):
                    fill.run(first, last, parameters)
                tell(last + 1)

    def position(self, events: int) -> None:
        """Do the relay's work until nothing waits; a relay beside this one may do some of it."""
        done = 0
        with Progress(sys.stderr, "positions", events) as tell:
            while rows := place():
                done = min(done + len(rows), events)
                tell(done)


@contextmanager
def unhurried() -> Iterator[None]:
    """Say nothing of slow statements: a batch is meant to take a second, and hundreds of them are no news."""
    logger = logging.getLogger("countermark.sql")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def period() -> dict[str, int]:
    """Return the time that identifiers are spread over, in milliseconds: the last days of this month's partition."""
    now = datetime.now(UTC)
    since = max(now - timedelta(days=DAYS), now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    span = max(int((now - since).total_seconds() * 1000), 1)
    return {"since": calendar.timegm(since.timetuple()) * 1000, "span": span}
