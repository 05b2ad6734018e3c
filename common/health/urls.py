"""Each route with and without a slash at the end: a redirect is no answer to a probe."""

from django.urls import URLPattern, re_path

from common.health import views


def routes(identify: views.Identify) -> list[URLPattern]:
    """Return the routes; `identify` tells who asks."""
    return [
        re_path(r"^health/?$", views.live, name="health"),
        re_path(r"^health/ready/?$", views.ready, name="health-ready"),
        re_path(r"^readyz/?$", views.ready),
        re_path(r"^health/z/?$", views.kubernetes, name="health-z"),
        re_path(r"^healthz/?$", views.kubernetes),
        re_path(r"^health/detailed/?$", views.detailed(identify), name="health-detailed"),
    ]
