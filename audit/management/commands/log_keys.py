"""`manage.py log_keys`: what to verify the log with; and, after a restore, to go on in a new tree."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from audit.management.tenants import only_tenant
from audit.models import Epoch
from audit.services.sealing import close_epoch, key_of
from common.context import SYSTEM
from common.tenancy import tenant_context


class Command(BaseCommand):
    help = "Show the keys of a tenant's log, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=UUID, help="may be left out where there is one only")
        parser.add_argument("--new-tree", metavar="REASON", help="end the open tree; the next event begins another")

    def handle(self, *args: Any, **options: Any) -> None:
        with tenant_context(options["tenant"] or only_tenant(), actor=SYSTEM):
            trees = list(Epoch.objects.all())
            if options["new_tree"] and trees:
                close_epoch(epoch=trees[0], reason=options["new_tree"])
            for tree in trees:
                self.stdout.write(str(key_of(tree)))
