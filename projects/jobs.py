"""Celery's side of projects: their numbers are computed anew by and by."""

import logging

from celery import shared_task

logger = logging.getLogger("countermark.rollup")


@shared_task
def measure_projects() -> None:
    """Measure each active project in a transaction of its own; one that goes wrong holds up no other."""
    from common.context import SYSTEM
    from common.tenancy import system_call, tenant_context
    from projects.models import Project
    from projects.services import measure_project

    for row in system_call("list_tenants"):
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            projects = list(Project.objects.active().order_by("id"))
        for project in projects:
            try:
                with tenant_context(row["tenant_id"], actor=SYSTEM):
                    measure_project(project=project)
            except Exception:
                logger.exception("a project could not be measured", extra={"project": str(project.id)})
