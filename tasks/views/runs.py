"""The log of a run, by windows, and the whole output of a piece of evidence as text."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.functional import cached_property

from common.context import Principal
from common.views import TenantView
from evidence.models import Evidence
from projects.models import Project
from tasks.models import Execution, ExecutionStatus
from tasks.views.looks import run_look
from tasks.views.run_log import line_start, tail, window
from tasks.views.shell import RegionView, ShellView


def visible_run(principal: Principal, execution_id: UUID) -> Execution:
    run = (
        Execution.objects.visible_to(principal)
        .filter(id=execution_id, task__deleted_at=None)
        .select_related("agent", "task__project")
        .first()
    )
    if run is None:
        raise Http404
    return run


def number(text: str | None) -> int | None:
    """Return a byte offset or line number of the address, or None."""
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


class LogView(ShellView):
    """A window of the log; its end unless the address says where to begin."""

    template_name = "executions/run_log.html"
    section = "board"

    @cached_property
    def run(self) -> Execution:
        return visible_run(self.principal, self.kwargs["execution_id"])

    def about(self) -> Project:
        return self.run.task.project

    def context(self, **kwargs: Any) -> dict[str, Any]:
        shown, run = super().context(**kwargs), self.run
        start = number(self.request.GET.get("from"))
        until = run.ended_at or timezone.now()
        return {
            **shown,
            "run": run,
            "look": run_look(run),
            "clock": run.started_at if run.status == ExecutionStatus.RUNNING else None,
            "took": until - run.started_at if run.started_at else None,
            "log": tail(run) if start is None else window(run, line_start(run, min(start, run.log_size))),
        }


class LogTailView(RegionView):
    """The lines that came since `from`: what the page appends. 204 while there are none and more may come."""

    template_name = "executions/log_lines.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        run = visible_run(self.principal, self.kwargs["execution_id"])
        start = min(number(request.GET.get("from")) or 0, run.log_size)
        log = window(run, start, first_line=number(request.GET.get("line")) or 0)
        if not log.lines and log.follows:
            return HttpResponse(status=204)
        return self.render_to_response({"log": log})


class EvidenceOutputView(TenantView):
    """The content of a piece of evidence, as it was hashed: text, never a page of its own."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        evidence = Evidence.objects.visible_to(self.principal).filter(id=kwargs["evidence_id"]).first()
        if evidence is None or evidence.content is None:
            raise Http404
        response = HttpResponse(evidence.content, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'inline; filename="{evidence.content_sha256[:16]}.txt"'
        return response
