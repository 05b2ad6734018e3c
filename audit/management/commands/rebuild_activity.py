"""`manage.py rebuild_activity`: the activity feed of every tenant, made from the log again."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.services import catch_up, restart_activity
from common.context import SYSTEM
from common.tenancy import for_each_tenant, tenant_context


class Command(BaseCommand):
    help = "Throw the activity feed away and make it from the log again, as far back as it is kept."

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = list(for_each_tenant())
        for tenant_id in tenants:
            with tenant_context(tenant_id, actor=SYSTEM):
                restart_activity()
            more = True
            while more:
                with tenant_context(tenant_id, actor=SYSTEM):
                    more = catch_up()
        self.stdout.write(f"The activity of {len(tenants)} tenants is rebuilt.")
