"""The URL map: each app brings its own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.middleware import identify
from audit.api.rights import ProjectRights
from audit.api.urls import routes as audit_routes
from common.api import handlers
from common.health.urls import routes as health_routes
from common.telemetry import views as telemetry
from common.telemetry.browser import TelemetryView
from projects.permissions import can_contribute, can_manage, managed_project_ids
from projects.queries import visible_project_ids

rights = ProjectRights(visible_project_ids, managed_project_ids, can_contribute, can_manage)
api: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("projects.api.urls")),
    path("", include("agents.api.urls")),
    path("", include("evidence.api.urls")),
    path("", include("tasks.api.urls")),
    path("telemetry/", TelemetryView.as_view(), name="telemetry"),
    path("", include(audit_routes(rights))),
]

urlpatterns = [
    *health_routes(identify),
    re_path(r"^metrics/?$", telemetry.scrape, name="metrics"),
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
    re_path(r"^api/", handlers.unknown),
    path("", include("accounts.urls")),
    path("", include("tasks.urls")),
]

handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error
