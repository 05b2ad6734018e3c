"""Is it well? `/health` answers for the process and its database; the detailed page is a later step."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse

from common.tenancy import system_call


def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 where this process reaches its database, 503 where it does not. Says nothing about hosts or errors."""
    try:
        system_call("log_gauges")
        database = "ok"
    except (DatabaseError, InterfaceError, OSError):
        database = "unavailable"
    healthy = database == "ok"
    document = {
        "status": "healthy" if healthy else "unhealthy",
        "service": "countermark",
        "version": settings.VERSION,
        "checks": {"database": database},
    }
    return JsonResponse(document, status=200 if healthy else 503)
