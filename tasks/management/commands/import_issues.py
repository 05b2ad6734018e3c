"""`manage.py import_issues FILE --project SLUG`: GitHub issues into tasks. Repeating it makes no duplicates."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.context import SYSTEM
from common.errors import DomainError
from common.tenancy import for_each_tenant, tenant_context
from projects.models import Project
from tasks.services import import_issues


class Command(BaseCommand):
    help = "Import GitHub issues (REST listing or `issues` webhook payloads) as tasks of a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, help="Slug or id of the project.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} is not readable JSON: {error}") from error
        project = self.find(options["project"])
        try:
            with tenant_context(project.tenant_id, actor=SYSTEM, lifetime=3600):
                result = import_issues(project=project, document=document)
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"created {result.created}, updated {result.updated}, unchanged {result.unchanged}")
        for line in result.errors:
            self.stderr.write(f"not taken: {line}")

    def find(self, name: str) -> Project:
        """Return the project; a slug that several tenants use must be given as an id."""
        found = [project for _ in for_each_tenant() for project in Project.objects.filter(slug__iexact=name)]
        found += [project for _ in for_each_tenant() for project in Project.objects.all() if str(project.id) == name]
        if len(found) != 1:
            raise CommandError(f"{len(found)} projects are called {name}; give the project's id.")
        return found[0]
