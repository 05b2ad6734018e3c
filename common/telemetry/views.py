"""`/metrics`: for who shows the token, or, where there is none, for this machine alone."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from common.health.views import page
from common.telemetry import metrics
from common.telemetry.gauges import GAUGES

# What proxies add. A request that came through one comes from anywhere, although its last hop was this machine.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            shown.strip().encode(), settings.METRICS_TOKEN.encode()
        )
    return is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.headers for name in FORWARDED)


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


@page
def scrape(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format; 401 without the token, 404 for other machines where there is none."""
    if not may_read(request):
        if not settings.METRICS_TOKEN:
            return HttpResponse(status=404)
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="countermark metrics"'})
    standing = CollectorRegistry()
    standing.register(GAUGES)
    text = generate_latest(metrics.registry()) + generate_latest(standing)
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
