"""`manage.py verify_infrastructure`: is everything as it must be? Exit code 0: yes. 1: no, and it says what to do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.upkeep.complaints import Check, Complaint
from common.upkeep.verification import CHECKS


class Command(BaseCommand):
    help = "Look at the servers, the database, its guards, the queues and the files; say what is wrong and the remedy."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own declaration

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [check.name for check in CHECKS]
        parser.add_argument("--without", action="append", default=[], choices=names, help="Leave a check out.")
        parser.add_argument("--json", action="store_true", help="Say it in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [(check, check.complaints()) for check in CHECKS if check.name not in options["without"]]
        if options["json"]:
            told = {check.name: [[one.problem, one.remedy] for one in complaints] for check, complaints in found}
            self.stdout.write(json.dumps(told))
        else:
            for check, complaints in found:
                self.tell(check, complaints)
        wrong = sum(len(complaints) for _, complaints in found)
        if wrong:
            raise CommandError(f"{wrong} {'thing is' if wrong == 1 else 'things are'} not as they must be.")

    def tell(self, check: Check, complaints: list[Complaint]) -> None:
        self.stdout.write(f"{'wrong' if complaints else 'ok':6}{check.name}")
        for complaint in complaints:
            self.stdout.write(f"      {complaint.problem}\n        remedy: {complaint.remedy}")
