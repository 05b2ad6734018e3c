"""API routes of agents."""

from rest_framework.routers import SimpleRouter

from agents.api.views import AgentViewSet

router = SimpleRouter(use_regex_path=False)
router.register("agents", AgentViewSet)

urlpatterns = router.urls
