"""How often one caller may ask: one generous window for the whole API, counted once per request in the base view."""

import math
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpResponseBase

from common.context import Principal
from common.redis import Decision, Limit, get_rate_limiter

WINDOW_SECONDS = 60


def limit() -> Limit:
    return Limit("api", requests=settings.API_LIMIT_PER_MINUTE, seconds=WINDOW_SECONDS)


def tell(response: HttpResponseBase, quota: Decision | None) -> None:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers: the policy, what is left, when there is more."""
    response.headers["RateLimit-Policy"] = f'"api";q={settings.API_LIMIT_PER_MINUTE};w={WINDOW_SECONDS}'
    if quota:
        wait = quota.retry_after or math.ceil((quota.reset_at - datetime.now(UTC)).total_seconds())
        response.headers["RateLimit"] = f'"api";r={quota.remaining};t={max(wait, 0)}'


def count_request(principal: Principal) -> Decision:
    """Count one request of a caller, if there is room for it."""
    return get_rate_limiter(limit()).is_allowed(str(principal.id))
