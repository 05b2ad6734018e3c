"""The Celery application. Celery's modules are called `jobs`, because *task* is a word of the domain."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import common.telemetry.celery  # noqa: F401  # connects its signals
from common.health.heartbeat import Heartbeat

app = Celery("countermark")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["consumer"].add(Heartbeat)
app.autodiscover_tasks(related_name="jobs")
