"""The URL map: each app brings its own."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from common import health

api = [
    path("", include("accounts.api.urls")),
    path("", include("projects.api.urls")),
    path("", include("agents.api.urls")),
    path("", include("evidence.api.urls")),
    path("", include("tasks.api.urls")),
    path("", include("audit.api.urls")),
]

urlpatterns = [
    path("health", health.health),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="schema", authentication_classes=[], permission_classes=[], template_name="docs/api.html"
        ),
        name="api-docs",
    ),
    path("api/v1/", include(api)),
    path("", include("accounts.urls")),
    path("", include("tasks.urls")),
]
