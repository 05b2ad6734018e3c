from django.apps import AppConfig

from common.tenancy.guard import install_guard


class CommonConfig(AppConfig):
    """No tables: base classes, the request context, tenancy, errors, API and realtime bases."""

    name = "common"
    label = "common"

    def ready(self) -> None:
        install_guard()
