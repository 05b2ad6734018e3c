"""Live sockets: `/ws/live/` (everything that concerns me) and `/ws/projects/<id>/` (one project)."""

from uuid import UUID

from accounts.queries import still_valid
from audit.queries import BATCH, events_after, group_of, head
from common.context import Principal
from common.realtime import Close, LogConsumer, Messages, Refused
from common.tenancy import tenant_context
from projects.models import Project


def readable_projects(principal: Principal, only: UUID | None) -> tuple[Principal, list[UUID]]:
    """Return the caller as it is now and the projects it may read; raises `Refused`. Needs a tenant context."""
    current = still_valid(principal)
    if current is None:
        raise Refused(Close.NOT_SIGNED_IN)
    projects = Project.objects.visible_to(current)
    if only is None:
        return current, list(projects.values_list("id", flat=True))
    if not projects.filter(id=only).exists():
        raise Refused(Close.UNKNOWN)
    return current, [only]


class LiveConsumer(LogConsumer):
    """All events that the caller may see."""

    @property
    def only_project(self) -> UUID | None:
        return None

    def group(self, principal: Principal) -> str:
        return group_of(principal.tenant_id)

    def head(self, principal: Principal) -> int:
        with tenant_context(principal.tenant_id, actor=principal.actor):
            readable_projects(principal, self.only_project)
            return head()

    def read(self, principal: Principal, pos: int) -> Messages:
        with tenant_context(principal.tenant_id, actor=principal.actor):
            try:
                current, projects = readable_projects(principal, self.only_project)
            except Refused as refusal:
                # A project that was visible at the start and no longer is: the right was taken away.
                code = Close.FORBIDDEN if refusal.code == Close.UNKNOWN else refusal.code
                raise Refused(code) from refusal
            batch = events_after(pos, principal=current, project_ids=projects, only_project=self.only_project)
            messages = [placed.message() for placed in batch.events]
        return Messages(upto=batch.upto, messages=messages, more=batch.upto - pos >= BATCH)


class ProjectConsumer(LiveConsumer):
    """The events of one project, for those who may see it."""

    @property
    def only_project(self) -> UUID | None:
        project_id: UUID = self.scope["url_route"]["kwargs"]["project_id"]
        return project_id
