"""The files of a task in the browser: taken in piece by piece, given out inert."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from common.api.uploads import FORM_OVERHEAD, StoringHandler, check_length, release_connection
from common.errors import DomainError, Invalid
from common.files.kinds import Stored
from common.files.serving import inert_response
from common.http import principal_of
from common.tenancy import tenant_context
from common.views import TenantView
from tasks import forms
from tasks.models import Attachment
from tasks.services import attach_file
from tasks.services.attachments import ATTACHMENTS, stored_of
from tasks.views.writing import PartView


@method_decorator(csrf_exempt, name="dispatch")
class FileView(PartView):
    """Attach a file. Who may do it is asked before a byte is read, and no transaction is open while the bytes come.

    Exempt from the check of the form's token only because that would read the form too early: `protected` checks it.
    """

    form_class, part, anchor = forms.FileForm, "file", "files"
    upload_methods = frozenset({"POST"})
    """their bodies are not read before this view reads them (common.asgi)"""
    max_upload = ATTACHMENTS.limit + FORM_OVERHEAD
    incoming: StoringHandler
    stored: Stored | None = None
    refusal: DomainError | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        principal = principal_of(request)
        if request.method != "POST" or principal is None or principal.is_agent:
            return super().dispatch(request, *args, **kwargs)
        with tenant_context(principal.tenant_id, actor=principal.actor):
            self.check()
        self.forget()
        release_connection()
        self.incoming = StoringHandler(ATTACHMENTS, request)
        request.upload_handlers = [self.incoming]
        try:
            check_length(request, self.max_upload)
            request.POST  # noqa: B018  # reads the form
        except DomainError as refusal:
            self.refusal = refusal
            return super().dispatch(request, *args, **kwargs)
        else:
            return self.protected(request, *args, **kwargs)
        finally:
            self.incoming.close()

    @method_decorator(csrf_protect)
    def protected(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.stored = self.incoming.stored("") if self.incoming.intake else None
        except DomainError as refusal:
            self.refusal = refusal
        return super().dispatch(request, *args, **kwargs)

    def act(self, answer: dict[str, Any]) -> None:
        if self.refusal:
            raise self.refusal
        if self.stored is None:
            raise Invalid("Choose a file first.")
        attach_file(task=self.task, principal=self.principal, stored=self.stored)


class FileContentView(TenantView):
    """Download a file. It is saved, never shown as a page of ours."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        visible = Attachment.objects.visible_to(self.principal)
        attachment = visible.filter(id=kwargs["row_id"], task_id=kwargs["task_id"]).first()
        if attachment is None:
            raise Http404
        return inert_response(request, stored_of(attachment))
