"""API routes of identity."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api.own import MeView, NotificationViewSet, PreferencesView, SessionViewSet, TicketView
from accounts.api.views import TokenViewSet, UserViewSet

router = SimpleRouter(use_regex_path=False)
router.register("tokens", TokenViewSet)
router.register("users", UserViewSet)
router.register("me/sessions", SessionViewSet)
router.register("notifications", NotificationViewSet)

urlpatterns = [
    path("me/", MeView.as_view(), name="me"),
    path("me/preferences/", PreferencesView.as_view(), name="preferences"),
    path("ws-ticket/", TicketView.as_view(), name="ws-ticket"),
    *router.urls,
]
