"""A form of a page that is shown again where it was refused, with what was typed: what all such forms do alike."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from common.errors import Conflict, DomainError
from tasks import forms
from tasks.views.shell import RegionView


class SendingView(RegionView):
    """A form of the page. With JavaScript the answer is the page's region, or the form alone where it was refused."""

    http_method_names: Sequence[str] = ("post", "options")
    form_class: ClassVar[type[forms.PartForm]]
    part: ClassVar[str]
    anchor: str
    """where on the page one goes on"""
    region: ClassVar[tuple[str, str]]
    """the region's template and its place on the page"""
    known: ClassVar[tuple[str, ...]]
    """what is looked up once, and anew after a write"""
    sent: Mapping[str, forms.PartForm]

    @property
    def home(self) -> str:
        """Return the address of the page."""
        raise NotImplementedError

    def address(self) -> str:
        """Return the address of the form."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise `PermissionDenied` for who may not do this."""
        raise NotImplementedError

    def act(self, answer: dict[str, Any]) -> None:
        """Call the service."""
        raise NotImplementedError

    @property
    def rest(self) -> list[UUID]:
        return [self.kwargs["row_id"]] if "row_id" in self.kwargs else []

    @property
    def name(self) -> str:
        """Tell the form from the others of its page."""
        return "-".join([self.part, *(str(piece) for piece in self.rest)])

    def form(self, data: Any) -> forms.PartForm:
        return self.form_class(data, name=self.name, action=self.address())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.check()
        form = self.form(request.POST)
        if form.is_valid():
            try:
                self.act(form.cleaned_data)
            except DomainError as refusal:
                blame(form, refusal)
        return self.again(form) if form.errors else self.leave()

    def again(self, form: forms.PartForm) -> HttpResponse:
        """Show the form with what is wrong about it, and with all that was typed."""
        if self.is_partial:
            return render(self.request, "components/part_form.html", {"form": form}, status=422)
        # What is about no field stands on top: the state may have left no place for the form.
        for words in form.errors.pop(NON_FIELD_ERRORS, ()):
            messages.error(self.request, str(words))
        self.sent = {form.name: form}
        return render(self.request, str(self.template_name), self.context(), status=422)

    def leave(self) -> HttpResponse:
        if not self.is_partial:
            return redirect(f"{self.home}#{self.anchor}")
        self.forget()
        template, place = self.region
        shown = render(self.request, template, self.context())
        shown["HX-Retarget"], shown["HX-Reswap"] = place, "outerMorph"
        return shown

    def forget(self) -> None:
        """Look at the rows again: they may have changed."""
        for name in self.known:
            self.__dict__.pop(name, None)

    @property
    def is_partial(self) -> bool:
        return self.request.headers.get("HX-Request") == "true"


def blame(form: forms.PartForm, refusal: DomainError) -> None:
    """Say beside the fields what a service refused; beside the only one where it names none, unless the state did."""
    named = {name: words for name, words in refusal.extra.get("errors", {}).items() if name in form.fields}
    only = next(iter(form.fields)) if len(form.fields) == 1 and not isinstance(refusal, Conflict) else None
    for name, words in (named or {only: [refusal.detail]}).items():
        form.add_error(name, words)
