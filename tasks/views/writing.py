"""What people write on a task's page. Each form is one service call; a refused one comes back with what was typed."""

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from common.errors import Invalid
from tasks import forms
from tasks.models import Attachment, Blocker, ChecklistItem, Comment, Handoff, TaskDependency
from tasks.permissions import can_delete_attachment, can_delete_comment, can_take_over, is_author
from tasks.queries import takers_of
from tasks.services import (
    accept_handoff,
    add_checklist_item,
    add_comment,
    add_dependency,
    delete_attachment,
    delete_comment,
    edit_comment,
    give_handoff,
    log_work,
    open_blocker,
    reject_handoff,
    remove_dependency,
    resolve_blocker,
    tick_checklist_item,
)
from tasks.views.parts import address
from tasks.views.sending import SendingView
from tasks.views.shell import ShellView, task_named
from tasks.views.task import TaskDetailView

Row = TypeVar("Row", bound=Model)


class PartView(SendingView, TaskDetailView):
    """A form of a task's page."""

    region = ("tasks/task_region.html", "#task")
    known = ("task", "mine", "rights")

    @property
    def home(self) -> str:
        return reverse("tasks:task", args=[self.task.id])

    def address(self) -> str:
        return address(self.task, self.part, *self.rest)

    def check(self) -> None:
        """Whoever works on the project writes about its tasks."""
        if not self.may_write:
            raise PermissionDenied

    def row(self, rows: QuerySet[Row]) -> Row:
        """Return the row of the address, if it is one of this task."""
        found = rows.filter(id=self.kwargs["row_id"], task_id=self.task.id).first()
        if found is None:
            raise Http404
        return found


class CommentView(PartView):
    form_class, part, anchor = forms.CommentForm, "comment", "comments"

    def act(self, answer: dict[str, Any]) -> None:
        add_comment(task=self.task, principal=self.principal, content=answer["content"])


class CommentDeleteView(PartView):
    form_class, part, anchor = forms.NoForm, "comment-delete", "comments"

    @cached_property
    def comment(self) -> Comment:
        return self.row(Comment.objects.select_related("task__project"))

    def check(self) -> None:
        if not can_delete_comment(self.principal, self.comment):
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        delete_comment(comment=self.comment)


class CommentEditView(PartView):
    form_class, part, anchor = forms.EditForm, "comment-edit", "comments"

    @cached_property
    def comment(self) -> Comment:
        return self.row(Comment.objects.select_related("task__project"))

    def check(self) -> None:
        super().check()
        if not is_author(self.principal, self.comment):
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        edit_comment(comment=self.comment, content=answer["content"])


class DependencyView(PartView):
    form_class, part, anchor = forms.DependencyForm, "dependency", "neighbours"

    def act(self, answer: dict[str, Any]) -> None:
        other = task_named(self.principal, self.task.project, answer["depends_on"])
        if other is None:
            words = f"There is no task {answer['depends_on']} in this project."
            raise Invalid(words, errors={"depends_on": [words]})
        add_dependency(task=self.task, depends_on=other, kind=answer["kind"], reason=answer["reason"])


class DependencyRemoveView(PartView):
    form_class, part, anchor = forms.RemoveForm, "dependency-remove", "neighbours"

    def act(self, answer: dict[str, Any]) -> None:
        remove_dependency(dependency=self.row(TaskDependency.objects.all()), reason="Removed on the task's page.")


class LineView(PartView):
    form_class, part, anchor = forms.LineForm, "line", "checklist"

    def act(self, answer: dict[str, Any]) -> None:
        add_checklist_item(target=self.task, text=answer["text"])


class LineTickView(PartView):
    form_class, part, anchor = forms.TickForm, "line-tick", "checklist"

    def act(self, answer: dict[str, Any]) -> None:
        tick_checklist_item(item=self.row(ChecklistItem.objects.all()), principal=self.principal, done=answer["done"])


class BlockerView(PartView):
    form_class, part, anchor = forms.BlockerForm, "blocker", "blockers"

    def act(self, answer: dict[str, Any]) -> None:
        open_blocker(task=self.task, **answer)


class BlockerResolveView(PartView):
    form_class, part, anchor = forms.ResolveForm, "blocker-resolve", "blockers"

    def act(self, answer: dict[str, Any]) -> None:
        resolve_blocker(blocker=self.row(Blocker.objects.all()), principal=self.principal, **answer)


class FileDeleteView(PartView):
    form_class, part, anchor = forms.NoForm, "file-delete", "files"

    @cached_property
    def attachment(self) -> Attachment:
        return self.row(Attachment.objects.select_related("task__project"))

    def check(self) -> None:
        if not can_delete_attachment(self.principal, self.attachment):
            raise PermissionDenied

    def act(self, answer: dict[str, Any]) -> None:
        delete_attachment(attachment=self.attachment)


class HandoffView(PartView):
    """An answer of whoever a handoff is offered to."""

    anchor = "handoffs"

    @cached_property
    def handoff(self) -> Handoff:
        return self.row(Handoff.objects.select_related("to_agent", "project"))

    def check(self) -> None:
        if not can_take_over(self.principal, self.handoff):
            raise PermissionDenied


class HandoffAcceptView(HandoffView):
    form_class, part = forms.TakeOverForm, "handoff-accept"

    def act(self, answer: dict[str, Any]) -> None:
        accept_handoff(handoff=self.handoff, **answer)


class HandoffRejectView(HandoffView):
    form_class, part = forms.RefuseForm, "handoff-reject"

    def act(self, answer: dict[str, Any]) -> None:
        reject_handoff(handoff=self.handoff, **answer)


class HandoffGiveView(PartView):
    """A page of its own: to whom a task may be handed over is nothing that the task's page needs to know."""

    http_method_names = ("get", "head", "options", "post")
    form_class, part, anchor = forms.GiveForm, "handoff", "handoffs"
    template_name = "tasks/handoff_give.html"

    @cached_property
    def takers(self) -> dict[str, Any]:
        """Who may take over, by the fields of `give_handoff` and their ids."""
        people, agents = takers_of(self.task.project_id)
        others = [person for person in people if person.id != self.principal.user_id]
        found: dict[str, list[Any]] = {"to_user": others, "to_agent": agents}
        return {f"{field}:{row.id}": row for field, rows in found.items() for row in rows}

    def form(self, data: Any) -> forms.PartForm:
        takers = [(value, str(row)) for value, row in self.takers.items()]
        return forms.GiveForm(data, name=self.part, action=self.address(), takers=takers)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        form = self.sent.get(self.part) or self.form(None)
        return {**ShellView.context(self, **kwargs), "task": self.task, "form": form}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.check()
        return super().get(request, *args, **kwargs)

    def act(self, answer: dict[str, Any]) -> None:
        to = answer.pop("to")
        taker = {to.partition(":")[0]: self.takers[to]}
        give_handoff(principal=self.principal, task=self.task, **taker, **answer)

    def leave(self) -> HttpResponse:
        target = f"{self.home}#{self.anchor}"
        return HttpResponse(headers={"HX-Redirect": target}) if self.is_partial else redirect(target)


class WorkView(PartView):
    form_class, part, anchor = forms.WorkForm, "work", "journal"

    def act(self, answer: dict[str, Any]) -> None:
        log_work(principal=self.principal, task=self.task, **answer)
