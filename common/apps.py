from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from common.tenancy.guard import install_guard


class CommonConfig(AppConfig):
    """No tables: base classes, the request context, tenancy, errors, API and realtime bases."""

    name = "common"
    label = "common"

    def ready(self) -> None:
        install_guard()
        # What apps do when a lower one tells of something, and what of theirs is kept for how long.
        autodiscover_modules("receivers", "retention")
