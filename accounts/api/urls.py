"""API routes of identity."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api.views import MeView, TicketView, TokenViewSet, UserViewSet

router = SimpleRouter(use_regex_path=False)
router.register("tokens", TokenViewSet)
router.register("users", UserViewSet)

urlpatterns = [
    path("me/", MeView.as_view(), name="me"),
    path("ws-ticket/", TicketView.as_view(), name="ws-ticket"),
    *router.urls,
]
