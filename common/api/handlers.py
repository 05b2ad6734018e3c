"""The errors that never reach a view: below /api/ they are problem documents too, elsewhere Django's own pages."""

import sys
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from common import errors
from common.api.exceptions import MEDIA_TYPE, problem

PREFIX = "/api/"


def answer(error: errors.DomainError) -> HttpResponse:
    """Return a refusal as a problem document."""
    document = problem(error.code, error.title, error.status, error.detail, **error.extra)
    response = JsonResponse(document, status=error.status, content_type=MEDIA_TYPE)
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    response["Cache-Control"] = "private, no-store"
    return response


@csrf_exempt
def unknown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """The view of every URL below /api/ that nobody else answers. It changes nothing, so it asks for no CSRF token."""
    return answer(errors.NotFound("There is no such URL. Each one ends with a slash; see /api/docs/."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(PREFIX):
        return defaults.bad_request(request, exception)
    return answer(errors.DomainError("The request cannot be understood.", code="bad_request"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(PREFIX):
        return defaults.permission_denied(request, exception)
    return answer(errors.Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path.startswith(PREFIX):
        return defaults.page_not_found(request, exception)
    return unknown(request)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Nothing of the error is shown; the log has it under the request's id."""
    if not request.path.startswith(PREFIX):
        return defaults.server_error(request)
    if isinstance(sys.exc_info()[1], OperationalError):
        return answer(errors.Unavailable("The database is busy; try again.", retry_after=1))
    return answer(ServerFault())


class ServerFault(errors.DomainError):
    code = "server_error"
    status = 500
    title = "Something went wrong on our side"

    def __init__(self) -> None:
        super().__init__("It is in our log; name the request_id when you report it. Nothing was changed.")
