"""The routes. Their words and codes are fixed by the specification (docs/OPERATIONS.md, "Health").

* `/health`: this process runs. Asks nobody.
* `/health/ready` (`/readyz`): it can serve: the database answers and has every migration.
* `/health/z` (`/healthz`): pass or fail per dependency; 503 only where a critical one fails.
* `/health/detailed`: every component; what it says is for people who are signed in.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from common.context import Principal
from common.health.checks import PROBES
from common.health.probe import examine
from common.health.words import UNKNOWN, Component, Health, worst

logger = logging.getLogger("countermark.health")

SERVICE = "countermark"
CRITICAL = ("database", "redis", "celery")
CHECKED = (*CRITICAL, "audit_system", "llm_providers")
NEEDED_TO_SERVE = ("database", "migrations")
# Without these the product does not work as a whole; without the others it does, less well.
ESSENTIAL = {*CRITICAL, "migrations"}

View = Callable[[HttpRequest], HttpResponse]
Identify = Callable[[HttpRequest], Principal | None]


def page(view: View) -> View:
    """Answer GET and HEAD, let nobody keep the answer."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(("GET", "HEAD"))
        response = view(request)
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's mark: a 503 is an answer here, no error
        return response

    return answer


def header(status: str) -> dict[str, Any]:
    return {"status": status, "service": SERVICE, "version": settings.VERSION}


@page
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse(header(Health.HEALTHY))


@page
def ready(request: HttpRequest) -> HttpResponse:
    found = examine(PROBES[name] for name in NEEDED_TO_SERVE)
    missing = [name for name, component in found.items() if component.status != Health.HEALTHY]
    if missing:
        document = {"status": "not_ready", "message": f"not well: {', '.join(missing)}"}
        return JsonResponse(document, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return JsonResponse({"status": "ready", "message": "ready to serve"})


@page
def kubernetes(request: HttpRequest) -> HttpResponse:
    found = examine(PROBES[name] for name in CHECKED)
    checks = {name: result(name, component.status) for name, component in found.items()}
    told = [check for check in checks.values() if check in ("pass", "fail")]
    passed = told.count("pass")
    dead = any(checks[name] == "fail" for name in CRITICAL)
    status = Health.UNHEALTHY if dead else overall(found)
    document = header(status) | {
        "timestamp": instant(datetime.now(UTC)),
        "checks": checks,
        "health_percentage": round(100 * passed / len(told), 1),
        "services_healthy": f"{passed}/{len(told)}",
    }
    return JsonResponse(document, status=HTTPStatus.SERVICE_UNAVAILABLE if dead else HTTPStatus.OK)


def result(name: str, status: Health) -> str:
    """Return pass or fail; what is not configured or not tested is neither. A critical check fails when it is down."""
    if status in UNKNOWN:
        return status.value
    bearable = (Health.HEALTHY, Health.DEGRADED) if name in CRITICAL else (Health.HEALTHY,)
    return "pass" if status in bearable else "fail"


def overall(found: Mapping[str, Component]) -> Health:
    """Return the health of the whole: something that it can do without only degrades it."""
    said = [
        Health.DEGRADED if component.status == Health.UNHEALTHY and name not in ESSENTIAL else component.status
        for name, component in found.items()
    ]
    return worst(said)


def detailed(identify: Identify) -> View:
    """Return the page. `identify` tells who asks; it needs the database, so it is asked only where that is well."""

    @page
    def view(request: HttpRequest) -> HttpResponse:
        found = examine(PROBES.values())
        known = found["database"].status == Health.HEALTHY and is_known(request, identify)
        describe = for_people if known else for_strangers
        status = overall(found)
        document = header(status) | {
            "components": {name: describe(component) for name, component in found.items()},
        }
        unwell = status == Health.UNHEALTHY
        return JsonResponse(document, status=HTTPStatus.SERVICE_UNAVAILABLE if unwell else HTTPStatus.OK)

    return view


def is_known(request: HttpRequest, identify: Identify) -> bool:
    try:
        return identify(request) is not None
    except Exception as error:  # whatever it is, a health page answers
        logger.warning("health page: nobody can be identified", extra={"error": type(error).__name__})
        return False


def for_strangers(component: Component) -> dict[str, Any]:
    return {
        "status": component.status,
        "latency_ms": None,
        "message": None,
        "checked_at": instant(component.checked_at),
    }


def for_people(component: Component) -> dict[str, Any]:
    told = {"latency_ms": component.latency_ms, "message": component.finding.message}
    return for_strangers(component) | told | dict(component.finding.details)


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
