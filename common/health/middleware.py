"""What machines ask every few seconds comes before all else: no session, no host check, no redirect, no line."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

PREFIXES = ("/health", "/readyz", "/metrics")


class HealthMiddleware:
    """Call the view of a health route, or that of the metrics, directly."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        answer: HttpResponseBase = found.func(request)
        return answer
