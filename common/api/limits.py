"""How often one caller may ask: one generous window for the whole API, counted once per request in the base view."""

from django.conf import settings
from django.http import HttpResponseBase

from common.context import Principal
from common.errors import TooManyRequests
from common.redis.limiter import Limit, hit

WINDOW_SECONDS = 60


def limit() -> Limit:
    return Limit("api", requests=settings.API_LIMIT_PER_MINUTE, seconds=WINDOW_SECONDS)


def tell(response: HttpResponseBase) -> None:
    """Add the headers of draft-ietf-httpapi-ratelimit-headers: the policy, and when to come back once it is used up."""
    response.headers["RateLimit-Policy"] = f'"api";q={settings.API_LIMIT_PER_MINUTE};w={WINDOW_SECONDS}'
    if response.status_code == 429:
        response.headers["RateLimit"] = f'"api";r=0;t={response.headers.get("Retry-After", WINDOW_SECONDS)}'


def count_request(principal: Principal) -> None:
    """Count one request of a caller; raises `TooManyRequests` with the seconds to wait."""
    wait = hit(limit(), str(principal.id))
    if wait:
        raise TooManyRequests(f"Too many requests. Try again in {wait} s.", retry_after=wait)
