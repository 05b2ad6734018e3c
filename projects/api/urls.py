"""API routes of projects."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from projects.api.views import MemberViewSet, PlanViewSet, ProjectViewSet

router = SimpleRouter(use_regex_path=False)
router.register("projects", ProjectViewSet)
router.register("plans", PlanViewSet)

urlpatterns = [
    path(
        "projects/<uuid:project_id>/members/",
        MemberViewSet.as_view({"get": "list", "post": "create"}),
        name="project-members",
    ),
    path(
        "projects/<uuid:project_id>/members/<uuid:pk>/",
        MemberViewSet.as_view({"delete": "destroy"}),
        name="project-member",
    ),
    *router.urls,
]
