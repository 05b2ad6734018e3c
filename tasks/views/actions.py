"""What a person does on a task's page: reopen it, or sign work off."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import cached_property

from common.errors import DomainError, Forbidden
from common.views import TenantView
from projects.permissions import can_contribute
from tasks.forms import ReasonForm, VerdictForm
from tasks.models import Task
from tasks.services import reopen_task, submit_signoff
from tasks.views.shell import visible_task


class TaskActionView(TenantView):
    """A form on the task's page: it acts and goes back there, saying what happened."""

    http_method_names = ("post", "options")
    form_class: type[Form]
    done = ""

    @cached_property
    def task(self) -> Task:
        return visible_task(self.principal, self.kwargs["task_id"])

    def act(self, answer: dict[str, Any]) -> None:
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        task, form = self.task, self.form_class(request.POST)
        try:
            if form.is_valid():
                self.act(form.cleaned_data)
                messages.success(request, self.done)
            else:
                messages.error(request, "Nothing was changed: say why, please.")
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        return redirect("tasks:task", task.id)


class ReopenView(TaskActionView):
    form_class = ReasonForm
    done = "Reopened: an agent may claim it again."

    def act(self, answer: dict[str, Any]) -> None:
        if not can_contribute(self.principal, self.task.project_id):
            raise Forbidden("Contributors, maintainers and owners reopen tasks.")
        reopen_task(task=self.task, reason=answer["reason"])


class SignOffView(TaskActionView):
    form_class = VerdictForm
    done = "Your verdict is recorded as evidence."

    def act(self, answer: dict[str, Any]) -> None:
        submit_signoff(
            task=self.task,
            principal=self.principal,
            approved=answer["verdict"] == "approved",
            comment=answer["comment"],
        )
