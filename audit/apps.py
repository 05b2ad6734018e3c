from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The log: append-only events, their positions, the relay. It knows nobody: plain ids and labels."""

    name = "audit"
    label = "audit"
