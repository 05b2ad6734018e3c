"""What every page of the product has around it: the rail with what waits for the viewer, and the live connection."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from audit.queries import head
from common.context import Principal
from common.views import PageView
from projects.models import Project
from tasks.models import ApprovalRequest, Task

COUNTED = 100
MOST_DIGITS = 9


def decidable(principal: Principal) -> QuerySet[ApprovalRequest]:
    """What this person may decide now, the first to expire on top."""
    return ApprovalRequest.objects.visible_to(principal).decidable_by(principal).order_by("expires_at", "id")


def visible_project(principal: Principal, slug: str) -> Project:
    project = Project.objects.visible_to(principal).filter(slug=slug).first()
    if project is None:
        raise Http404
    return project


def visible_task(principal: Principal, task_id: UUID) -> Task:
    task = (
        Task.objects.visible_to(principal)
        .select_related("project", "plan", "assigned_user", "assigned_agent", "created_by")
        .filter(id=task_id)
        .first()
    )
    if task is None:
        raise Http404
    return task


def task_named(principal: Principal, project: Project, words: str) -> Task | None:
    """Return the task of a project that people call CM-12, or 12."""
    number = words.strip().upper().removeprefix(f"{project.key}-".upper()).removeprefix("#")
    if not number.isascii() or not number.isdecimal() or len(number) > MOST_DIGITS:
        return None
    return Task.objects.visible_to(principal).filter(project=project, number=int(number)).first()


class RegionView(PageView):
    """A part of a page that replaces itself when the log says that it changed. Its page includes the same template."""

    http_method_names: Sequence[str] = ("get", "head", "options")

    @cached_property
    def mine(self) -> dict[UUID, ApprovalRequest]:
        """The tasks that wait for this viewer, each with what it asks."""
        asked = decidable(self.principal).only("id", "task_id", "kind", "question")[:COUNTED]
        return {approval.task_id: approval for approval in asked if approval.task_id}


class ShellView(RegionView):
    """A whole page."""

    section = ""

    def about(self) -> Project | None:
        """The project this page is about, if it is about one."""
        return None

    def context(self, **kwargs: Any) -> dict[str, Any]:
        # The position is read before anything else: what changes later is replayed, so nothing falls in between.
        position = head()
        project = self.about()
        return {
            "live_pos": position,
            # to what concerns the viewer, unless the page is about one project
            "live_socket": f"/ws/projects/{project.id}/" if project else "/ws/live/",
            "board_url": board_url_of(project) if project else "/",
            "plans_url": reverse("tasks:plans", args=[project.slug]) if project else "",
            "section": self.section,
            "inbox_count": len(self.mine),
            **super().context(**kwargs),
        }


def board_url_of(project: Project) -> str:
    return reverse("tasks:task-board", args=[project.slug])
