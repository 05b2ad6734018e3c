"""What a page of ours tells of itself: its times, web vitals and errors (static/js/telemetry.js).

It is taken from people who are signed in, little at a time, and believed as little: bounded numbers become histograms,
texts go to the log through its masks, and spans are marked as the browser's. Nothing is stored.
"""

import logging
import math
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.serializers import StrictSerializer
from common.api.views import ApiView
from common.redis import Limit, get_rate_limiter
from common.telemetry import tracing
from common.telemetry.metrics import BROWSER_SECONDS, BROWSER_VITALS

logger = logging.getLogger("countermark.browser")

REPORTS = Limit("browser-telemetry", requests=30, seconds=60)
MAX_BODY = 16 * 1024
MAX_SPANS, MAX_FAULTS = 50, 10
VITALS = ("CLS", "FCP", "INP", "LCP", "TTFB")
LONGEST = 600_000
"""milliseconds: nothing that a page waits for takes longer than ten minutes"""
NEWEST = 4_102_444_800_000
"""2100-01-01 in milliseconds: no moment of a browser's clock lies beyond"""


class Amount(serializers.FloatField):
    """A number from 0 to `max_value`; what is no number (NaN) passes every comparison."""

    def __init__(self, *, max_value: float) -> None:
        super().__init__(min_value=0, max_value=max_value)

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class SpanInput(StrictSerializer):
    """One span, by the ids that the page sent along as `traceparent`."""

    trace_id = serializers.RegexField(r"^(?!0{32})[0-9a-f]{32}\Z")
    span_id = serializers.RegexField(r"^(?!0{16})[0-9a-f]{16}\Z")
    parent_id = serializers.RegexField(r"^(?!0{16})[0-9a-f]{16}\Z", required=False)
    kind = serializers.ChoiceField(["page", "fetch"])
    http_method = serializers.ChoiceField(["GET", "POST", "PUT", "PATCH", "DELETE"], default="GET")
    status = serializers.IntegerField(min_value=0, max_value=599, default=0)
    started_ms = Amount(max_value=NEWEST)
    duration_ms = Amount(max_value=LONGEST)


class VitalInput(StrictSerializer):
    """A web vital: CLS without a unit, the others in milliseconds (https://web.dev/articles/vitals)."""

    name = serializers.ChoiceField(VITALS)
    value = Amount(max_value=LONGEST)


class FaultInput(StrictSerializer):
    """An error that no script caught. `script` is the path of the script."""

    message = serializers.CharField(max_length=300, allow_blank=True)
    script = serializers.CharField(max_length=200, allow_blank=True, default="")
    line = serializers.IntegerField(min_value=0, max_value=1_000_000, default=0)


class Report(StrictSerializer):
    """What a page has to tell since it last did."""

    spans = serializers.ListField(child=SpanInput(), max_length=MAX_SPANS, default=list)
    vitals = serializers.ListField(child=VitalInput(), max_length=len(VITALS), default=list)
    faults = serializers.ListField(child=FaultInput(), max_length=MAX_FAULTS, default=list)


class TelemetryView(ApiView):
    max_body = MAX_BODY

    @extend_schema(tags=["operations"], operation_id="telemetry", request=Report, responses={204: None})
    def post(self, request: Request) -> Response:
        """Take what a page tells of itself. At most 30 reports a minute, 16 KiB each."""
        get_rate_limiter(REPORTS).is_allowed(str(self.principal.id)).require()
        take(self.valid(Report))
        return Response(status=204)


def take(report: dict[str, Any]) -> None:
    for span in report["spans"]:
        BROWSER_SECONDS.labels(span["kind"]).observe(span["duration_ms"] / 1000)
    for vital in report["vitals"]:
        scale = 1 if vital["name"] == "CLS" else 1000
        BROWSER_VITALS.labels(vital["name"]).observe(vital["value"] / scale)
    for fault in report["faults"]:
        logger.warning("browser error", extra={f"browser_{name}": value for name, value in fault.items()})
    tracing.report(report["spans"])
