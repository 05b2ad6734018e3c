"""Composition root: settings, urls, asgi, celery. It may import every app; nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
