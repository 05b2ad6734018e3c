"""API routes of evidence."""

from rest_framework.routers import SimpleRouter

from evidence.api.views import EvidenceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("evidence", EvidenceViewSet)

urlpatterns = router.urls
