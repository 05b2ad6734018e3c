"""`manage.py export_log`: a range of the log that anybody can verify without us (docs/verifying.md)."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.log import export
from audit.management.tenants import only_tenant
from common.errors import DomainError


class Command(BaseCommand):
    help = "Write events, proof and signed checkpoint into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="the folder to make")
        parser.add_argument("--tenant", type=UUID, help="may be left out where there is one only")
        parser.add_argument("--from", type=int, dest="first", help="the first position (default: of the newest tree)")
        parser.add_argument("--to", type=int, dest="last", help="the last position (default: all that is sealed)")
        parser.add_argument("--since", type=int, help="the size of an older tree that the export shall continue")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = options["tenant"] or only_tenant()
        try:
            span = export.chosen(tenant_id, first=options["first"], last=options["last"])
            export.write(span, options["out"], since=options["since"])
        except (DomainError, OSError) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(
            f"{span.last - span.first + 1} events of {span.checkpoint.epoch.origin} are in {options['out']}."
        )
