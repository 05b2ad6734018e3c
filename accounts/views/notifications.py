"""What somebody was told, newest first, and marking it as read."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.models import Notification
from accounts.queries import person
from accounts.services import mark_all_read, mark_read
from accounts.views.own import id_of
from common.views import PageView

MOST = 50


@method_decorator(never_cache, name="dispatch")
class NotificationsView(PageView):
    """The own notifications: `?all=1` with those that were read, `?before=ID` the older ones."""

    http_method_names = ("get", "head", "options", "post")
    template_name = "settings/notifications.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        everything = self.request.GET.get("all") == "1"
        rows = Notification.objects.visible_to(self.principal).order_by("-id")
        if not everything:
            rows = rows.filter(read_at=None)
        before = uuid_or_none(self.request.GET.get("before", ""))
        page = list((rows.filter(id__lt=before) if before else rows)[: MOST + 1])
        shown = page[:MOST]
        return {
            "notifications": shown,
            "everything": everything,
            "older": shown[-1].id if len(page) > MOST else None,
            "section": "notifications",
            "board_url": "/",
            **super().context(**kwargs),
        }

    def post(self, request: HttpRequest) -> HttpResponseBase:
        user = person(self.principal.user_id)
        if request.POST.get("read") == "all":
            marked = mark_all_read(user=user)
        else:
            marked = mark_read(user=user, notifications=[id_of(request, "read")])
        messages.success(request, "Marked as read." if marked == 1 else f"{marked} were marked as read.")
        return redirect("accounts:notifications")


def uuid_or_none(text: str) -> UUID | None:
    """Return the id in an address, or None: a broken one begins at the top."""
    try:
        return UUID(text)
    except ValueError:
        return None
