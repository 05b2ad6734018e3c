"""API routes of evidence and context."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from evidence.api import artifacts
from evidence.api.views import EvidenceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("evidence", EvidenceViewSet)
router.register("artifacts", artifacts.ArtifactViewSet)

urlpatterns = [
    path("artifacts/search/", artifacts.SearchView.as_view(), name="artifacts-search"),
    path("artifacts/assemble/", artifacts.AssembleView.as_view(), name="artifacts-assemble"),
    path("artifacts/upload/", artifacts.UploadArtifactView.as_view(), name="artifacts-upload"),
    path("artifacts/export/", artifacts.ExportView.as_view(), name="artifacts-export"),
    *router.urls,
]
