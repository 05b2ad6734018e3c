"""People and service accounts of the tenant, for administrators: inviting, and tokens for programs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.forms import AccountForm, InvitationForm, ServiceAccountForm, TokenForm
from accounts.models import LinkPurpose, Role, User
from accounts.permissions import may_administer
from accounts.queries import invited_people, person, service_accounts
from accounts.services import create_token, create_user, invite_again, invite_user, issue_link
from accounts.views.security import ProvenView
from common.errors import DomainError, NotFound


@method_decorator(never_cache, name="dispatch")
class AdministratorView(ProvenView):
    """A settings page for administrators. A POST says in `do` which of the page's forms it is."""

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_administer(self.principal):
            raise PermissionDenied
        return super()._answer(request, *args, **kwargs)

    def acts(self) -> dict[str, Callable[[], HttpResponseBase]]:
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponseBase:
        act = self.acts().get(request.POST.get("do", ""))
        if act is None:
            raise NotFound("There is no such form.")
        return act()

    def named(self, of: Callable[[User], bool]) -> User:
        """Return the person that the form names; raises `NotFound` for one that this page is not about."""
        form = AccountForm(self.request.POST)
        user = person(form.cleaned_data["user"] if form.is_valid() else UUID(int=0))
        if not of(user):
            raise NotFound("No such person.")
        return user


class PeopleView(AdministratorView):
    """Invite somebody: by letter, or by a link to hand over oneself."""

    template_name = "settings/people.html"
    section = "people"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"form": InvitationForm(), "invited": invited_people(), **super().context(**kwargs)}

    def acts(self) -> dict[str, Callable[[], HttpResponseBase]]:
        return {"invite": self.invite, "send": self.send, "link": self.link}

    def invite(self) -> HttpResponseBase:
        form = InvitationForm(self.request.POST)
        if not form.is_valid():
            return self.again(form=form)
        try:
            user = invite_user(**form.cleaned_data)
        except DomainError as refusal:
            return self.refused(form, refusal)
        messages.success(self.request, f"A letter to {user.email} is on its way. Its link works for seven days.")
        return redirect("accounts:people")

    def send(self) -> HttpResponseBase:
        user = invite_again(user=self.named(is_invited))
        messages.success(self.request, f"A new letter to {user.email} is on its way. The link before it has ended.")
        return redirect("accounts:people")

    def link(self) -> HttpResponseBase:
        """Show the link in the answer itself: a message would travel through a cookie."""
        user = self.named(is_invited)
        issued = issue_link(user=user, purpose=LinkPurpose.INVITATION)
        return self.render_to_response(self.context(issued=issued, person=user))


def is_invited(user: User) -> bool:
    return user.role != Role.SERVICE and not user.has_usable_password()


class ServiceAccountsView(AdministratorView):
    """Accounts of programs: they have tokens and no password."""

    template_name = "settings/service_accounts.html"
    section = "service-accounts"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        forms = {"form": ServiceAccountForm(), "token_form": TokenForm()}
        return {**forms, "accounts": service_accounts(), **super().context(**kwargs)}

    def acts(self) -> dict[str, Callable[[], HttpResponseBase]]:
        return {"create": self.create, "token": self.token}

    def create(self) -> HttpResponseBase:
        form = ServiceAccountForm(self.request.POST)
        if not form.is_valid():
            return self.again(form=form)
        try:
            user = create_user(**form.cleaned_data, password=None, role=Role.SERVICE)
        except DomainError as refusal:
            return self.refused(form, refusal)
        messages.success(self.request, f"{user} is ready. Make a token for it.")
        return redirect("accounts:service-accounts")

    def token(self) -> HttpResponseBase:
        user = self.named(lambda user: user.role == Role.SERVICE)
        form = TokenForm(self.request.POST)
        if not form.is_valid():
            return self.again(token_form=form, token_for=user)
        issued = create_token(user=user, **form.made())
        return self.render_to_response(self.context(issued=issued, token_for=user))
