import logging

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from common.telemetry import sql, tracing
from common.tenancy.guard import install_guard


class CommonConfig(AppConfig):
    """No tables: base classes, the request context, tenancy, errors, API and realtime bases."""

    name = "common"
    label = "common"

    def ready(self) -> None:
        install_guard()
        logging.captureWarnings(True)  # else a warning is a line of another shape
        sql.install()
        tracing.start()
        # What apps do when a lower one tells of something, what of theirs is kept for how long, and what they check.
        autodiscover_modules("receivers", "retention", "checks")
