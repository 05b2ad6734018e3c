"""The product with one more page, which asks for a job: `tests.system.test_tracing` follows a trace through it."""

from config.asgi import application  # isort: skip  # it loads the app registry, which the others need

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls
from config.celery import app

__all__ = ["application"]


def ask_for_a_job(request: HttpRequest) -> HttpResponse:
    app.send_task("common.telemetry.probe", queue="default")
    return HttpResponse(status=202)


urls.urlpatterns.insert(0, path("ask-for-a-job/", ask_for_a_job))
