"""The inbox: what waits for the viewer, what waits for others, what was decided; and one item of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme

from common.context import Principal
from common.errors import Conflict, DomainError, Invalid
from tasks.forms import DecisionForm
from tasks.models import ApprovalRequest, ApprovalStatus
from tasks.permissions import may_decide, needs_proof
from tasks.services import respond_to_approval
from tasks.views.approvals import ShownApproval, show
from tasks.views.board import grades_of
from tasks.views.evidence import brief_rows
from tasks.views.looks import Look, Strength, approval_look, strength
from tasks.views.shell import RegionView, ShellView, decidable

MOST = 50


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    word: str
    icon: str
    empty: str
    hint: str

    @property
    def query(self) -> str:
        return "" if self.key == "mine" else f"?tab={self.key}"


TABS = (
    Tab("mine", "Needs you", "hand", "Nothing needs you.", "When an agent asks before a risky step, it shows up here."),
    Tab("others", "Waits for others", "hourglass", "Nothing waits for others.", "What you may see but not decide."),
    Tab("done", "Decided", "history", "Nothing was decided yet.", "The newest decisions, whoever took them."),
)
BY_KEY = {tab.key: tab for tab in TABS}


@dataclass(frozen=True, slots=True)
class Item:
    approval: ApprovalRequest
    look: Look
    strength: Strength


def listed(principal: Principal, tab: Tab) -> QuerySet[ApprovalRequest]:
    visible = ApprovalRequest.objects.visible_to(principal)
    if tab.key == "mine":
        return decidable(principal)
    if tab.key == "others":
        return (
            visible.pending().exclude(id__in=decidable(principal).order_by().values("id")).order_by("expires_at", "id")
        )
    return visible.exclude(status=ApprovalStatus.PENDING).order_by("-decided_at", "-id")


def items(principal: Principal, tab: Tab) -> list[Item]:
    found = list(listed(principal, tab).select_related("task__project", "agent")[:MOST])
    grades = grades_of(principal, [approval.task_id for approval in found if approval.task_id])
    return [
        Item(
            approval=approval,
            look=approval_look(approval, mine=tab.key == "mine"),
            strength=strength(grades.get(approval.task_id, Counter()) if approval.task_id else Counter()),
        )
        for approval in found
    ]


def visible_approval(principal: Principal, approval_id: UUID) -> ApprovalRequest:
    approval = (
        ApprovalRequest.objects.visible_to(principal)
        .filter(id=approval_id, task__deleted_at=None)
        .select_related("task__project", "agent", "execution", "decided_by", "redeemed_by")
        .select_related("gate__phase__plan__project", "phase__plan__project")
        .first()
    )
    if approval is None:
        raise Http404
    return approval


def shown(principal: Principal, approval: ApprovalRequest, form: DecisionForm | None = None) -> ShownApproval:
    pending = approval.status == ApprovalStatus.PENDING
    return show(
        approval,
        mine=pending and may_decide(principal, approval),
        form=form,
        next=reverse("tasks:approval", args=[approval.id]),
        evidence=brief_rows(principal, approval.task_id) if approval.task_id else [],
        needs_proof=needs_proof(principal, approval),
    )


class InboxListView(RegionView):
    """The list: what a live update fetches again."""

    template_name = "tasks/inbox_list.html"

    @cached_property
    def tab(self) -> Tab:
        return BY_KEY.get(self.request.GET.get("tab", ""), TABS[0])

    @cached_property
    def open_id(self) -> UUID | None:
        """The item that stands beside the list."""
        given = self.kwargs.get("approval_id") or self.request.GET.get("open", "")
        try:
            return UUID(str(given))
        except ValueError:
            return None

    def context(self, **kwargs: Any) -> dict[str, Any]:
        around = super().context(**kwargs)
        query = f"?tab={self.tab.key}" + (f"&open={self.open_id}" if self.open_id else "")
        return {
            **around,
            "tab": self.tab,
            "items": items(self.principal, self.tab),
            "open_id": self.open_id,
            "list_url": reverse("tasks:inbox-list") + query,
        }


class InboxView(InboxListView, ShellView):
    """The list, with its first item open beside it where there is room."""

    template_name = "tasks/inbox.html"
    section = "inbox"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        page = {**super().context(**kwargs), "tabs": TABS, "chosen": bool(self.open_id)}
        if not self.open_id and page["items"]:
            first = visible_approval(self.principal, page["items"][0].approval.id)
            page |= {"approval": shown(self.principal, first), "open_id": first.id}
        return page


class ApprovalView(InboxView):
    """One item. A POST decides it; the first deciding answer wins."""

    http_method_names = ("get", "head", "options", "post")

    @cached_property
    def approval(self) -> ApprovalRequest:
        return visible_approval(self.principal, self.kwargs["approval_id"])

    @cached_property
    def tab(self) -> Tab:
        """The list beside an item is the one it is in, unless the address says which."""
        given = BY_KEY.get(self.request.GET.get("tab", ""))
        if given or self.approval.status == ApprovalStatus.PENDING:
            return given or TABS[0]
        return BY_KEY["done"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None)
        approval = self.approval
        return {**super().context(**kwargs), "approval": shown(self.principal, approval, form)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = DecisionForm(self.with_option(request))
        try:
            if not form.is_valid():
                return self.again(form)
            self.decide(form)
        except Invalid as refusal:
            for name, words in refusal.extra.get("errors", {}).items():
                form.add_error(name if name in form.fields else None, words)
            return self.again(form)
        except Conflict as refusal:
            messages.warning(request, f"Your answer does not count. {refusal.detail}")
        except DomainError as refusal:
            form.add_error(None, refusal.detail)
            return self.again(form, status=refusal.status)
        else:
            messages.success(request, f"Recorded: {self.approval.get_status_display().lower()}. The log has it.")
        return self.leave(request, form.cleaned_data["next"])

    def with_option(self, request: HttpRequest) -> Any:
        """An option that the agent offered stands for the action it names."""
        data = request.POST.copy()
        chosen = next((one for one in self.approval.options if one.get("key") == data.get("selected_option")), None)
        if chosen and not data.get("action"):
            data["action"] = chosen.get("action", "")
        return data

    def decide(self, form: DecisionForm) -> None:
        answer = form.cleaned_data
        respond_to_approval(
            approval=self.approval,
            principal=self.principal,
            action=answer["action"],
            comment=answer["comment"],
            digest=answer["digest"],
            amended_content=answer["amended_content"],
            selected_option=answer["selected_option"],
        )

    def again(self, form: DecisionForm, status: int = 422) -> HttpResponse:
        """Show the form with what is wrong, and with everything that was typed."""
        if self.request.headers.get("HX-Request") == "true":
            approval = shown(self.principal, self.approval, form)
            return render(self.request, "components/decide_form.html", {"approval": approval}, status=status)
        return render(self.request, self.template_name, self.context(form=form), status=status)

    def leave(self, request: HttpRequest, url: str) -> HttpResponse:
        """Go back to where the form was, on this site only."""
        here = reverse("tasks:approval", args=[self.approval.id])
        safe = url_has_allowed_host_and_scheme(url, allowed_hosts=None) and url.startswith("/")
        target = url if safe else here
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": target})
        return redirect(target)


class ApprovalRegionView(RegionView):
    """One item without the page around it: turns read-only when somebody else has decided."""

    template_name = "tasks/approval_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        approval = visible_approval(self.principal, self.kwargs["approval_id"])
        return {**super().context(**kwargs), "approval": shown(self.principal, approval)}


class InboxLinkView(RegionView):
    """The link in the rail with its count."""

    template_name = "components/inbox_link.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        section = self.request.GET.get("section", "")
        return {**super().context(**kwargs), "inbox_count": len(self.mine), "section": section}
