from importlib import import_module

from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"
    label = "tasks"

    def ready(self) -> None:
        # Its receivers listen once their module is imported, which needs the models.
        import_module("tasks.receivers")
