"""The providers of models. A job asks them; a probe only reads what the job found.

What is asked is the list of models, or the one model that is set: it costs no tokens, and needs the key to be good.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import redis
from django.conf import settings

from common.health.words import Finding, Health, worst
from common.redis.cache import CacheManager, get_cache_manager

TIMEOUT_SECONDS = 5
KEEP_SECONDS = 300
LAST = "providers"
AUTHENTICATION: Mapping[str, Callable[[str], dict[str, str]]] = {
    "openai": lambda key: {"Authorization": f"Bearer {key}"},
    "anthropic": lambda key: {"x-api-key": key, "anthropic-version": "2023-06-01"},
    "google": lambda key: {"x-goog-api-key": key},
    "local": lambda key: {"Authorization": f"Bearer {key}"} if key else {},
}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def check_providers() -> None:
    """Ask every provider that is set up, and keep the answers for the health pages."""
    answers = {name: ask(name, provider) for name, provider in settings.LLM_PROVIDERS.items() if provider["url"]}
    results().set(LAST, answers)


def results() -> CacheManager:
    return get_cache_manager("health", default_ttl=KEEP_SECONDS)


def ask(name: str, provider: Mapping[str, str]) -> dict[str, Any]:
    """Return status, response time, model and, where it failed, what kind of failure it was. Never raises.

    `provider` has url, key and model (settings.LLM_PROVIDERS).
    """
    path = f"/models/{quote(provider['model'], safe='')}" if provider["model"] else "/models"
    address, headers = provider["url"].rstrip("/") + path, AUTHENTICATION[name](provider["key"])
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  # settings.py admits http and https only
    began = time.perf_counter()
    failure = ""
    try:
        urllib.request.build_opener(NoRedirects).open(request, timeout=TIMEOUT_SECONDS).close()  # nosec B310
    except (OSError, ValueError) as error:
        failure = kind_of(error)
    answer = {"response_time_ms": round((time.perf_counter() - began) * 1000), "model": provider["model"]}
    if failure:
        return {"status": Health.UNHEALTHY.value, **answer, "error": MEANING[failure], "error_type": failure}
    return {"status": Health.HEALTHY.value, **answer, "message": "answers"}


MEANING = {
    "authentication_error": "refuses the key",
    "rate_limit_error": "lets no more requests through for now",
    "timeout_error": f"does not answer within {TIMEOUT_SECONDS} s",
    "connection_error": "cannot be reached",
    "api_error": "answers with an error",
}


def kind_of(error: Exception) -> str:
    """Return what kind of failure it is; the text of the error stays here."""
    if isinstance(error, urllib.error.HTTPError):
        refused = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        limited = error.code == HTTPStatus.TOO_MANY_REQUESTS
        return "authentication_error" if error.code in refused else "rate_limit_error" if limited else "api_error"
    reason = getattr(error, "reason", error)
    return "timeout_error" if isinstance(reason, TimeoutError) else "connection_error"


def findings() -> Finding:
    """Return what the job last found, provider by provider."""
    configured = [name for name, provider in settings.LLM_PROVIDERS.items() if provider["url"]]
    try:
        known: Mapping[str, Any] = results().fetch(LAST, {}) if configured else {}
    except redis.RedisError:
        known = {}
    providers = {name: known.get(name) or untested(name in configured) for name in settings.LLM_PROVIDERS}
    if not configured:
        return Finding(Health.NOT_CONFIGURED, "no provider is set up", providers)
    if not known:
        return Finding(Health.NOT_TESTED, "no answer of the job that asks them", providers)
    unwell = sorted(name for name, answer in providers.items() if answer["status"] == Health.UNHEALTHY)
    status = Health.DEGRADED if unwell else worst([Health(answer["status"]) for answer in providers.values()])
    return Finding(status, f"unwell: {', '.join(unwell)}" if unwell else "answer", providers)


def untested(configured: bool) -> dict[str, Any]:
    if configured:
        return {"status": Health.NOT_TESTED.value, "message": "not asked yet"}
    return {"status": Health.NOT_CONFIGURED.value, "message": "not set up"}
