"""API routes of evidence and context."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from evidence.api import around, artifacts, reasoning, views

router = SimpleRouter(use_regex_path=False)
router.register("artifacts", artifacts.ArtifactViewSet)
router.register("claims", reasoning.ClaimViewSet)
router.register("decisions", reasoning.DecisionViewSet)
router.register("chains", reasoning.ChainViewSet)
router.register("credibility-policies", reasoning.PolicyViewSet)

ONE = "evidence/<uuid:pk>/"
OF = "evidence/<uuid:evidence_id>/"

evidence = [
    path("evidence/", views.AllEvidenceViewSet.as_view({"get": "list", "post": "create"}), name="evidence-list"),
    path("evidence/bulk/", views.BulkViewSet.as_view({"post": "create"}), name="evidence-bulk"),
    path(ONE, views.EvidenceViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="evidence-detail"),
    *(
        path(f"{ONE}{name}/", views.EvidenceViewSet.as_view({"post": name}), name=f"evidence-{name}")
        for name in ("verify", "reject", "override")
    ),
    path(f"{ONE}explain/", views.EvidenceViewSet.as_view({"get": "explain"}), name="evidence-explain"),
    path(
        f"{OF}attestations/",
        around.AttestationViewSet.as_view({"get": "list", "post": "create"}),
        name="evidence-attestations",
    ),
    path(
        f"{OF}attestations/<uuid:pk>/",
        around.AttestationViewSet.as_view({"get": "retrieve"}),
        name="evidence-attestation",
    ),
    path(
        f"{OF}attestations/<uuid:pk>/revoke/",
        around.AttestationViewSet.as_view({"post": "revoke"}),
        name="evidence-attestation-revoke",
    ),
    path(f"{OF}links/", around.LinkViewSet.as_view({"get": "list", "post": "create"}), name="evidence-links"),
    path(
        f"{OF}links/<uuid:pk>/retract/", around.LinkViewSet.as_view({"post": "retract"}), name="evidence-link-retract"
    ),
    path(f"{OF}history/", around.HistoryViewSet.as_view({"get": "list"}), name="evidence-history"),
]

context = [
    path("artifacts/search/", artifacts.SearchView.as_view(), name="artifacts-search"),
    path("artifacts/assemble/", artifacts.AssembleView.as_view(), name="artifacts-assemble"),
    path("artifacts/upload/", artifacts.UploadArtifactView.as_view(), name="artifacts-upload"),
    path("artifacts/export/", artifacts.ExportView.as_view(), name="artifacts-export"),
]

urlpatterns = [*evidence, *context, *router.urls]
