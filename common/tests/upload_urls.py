"""The product's URLs and an endpoint that takes files, for tests of the upload base."""

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.uploads import UploadView
from common.api.views import require
from common.files.kinds import Stored
from common.tenancy import require_tenant_id
from common.tests.files import THINGS


class ThingsView(UploadView):
    kind = THINGS

    def check(self, request: Request, **kwargs: object) -> None:
        require_tenant_id()
        require("forbidden" not in request.query_params, "You may not bring this.")

    def keep(self, request: Request, stored: Stored, **kwargs: object) -> Response:
        members = {"sha256": stored.sha256, "size": stored.size, "media_type": stored.media_type}
        return Response(members | {"key": stored.key, "file_name": stored.file_name}, status=201)


urlpatterns = [path("api/v1/things/", ThingsView.as_view()), path("", include("config.urls"))]
