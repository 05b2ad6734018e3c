"""The product's ASGI application with the URLs of the tests."""

from django.conf import settings

from config.asgi import application

settings.ROOT_URLCONF = "common.tests.upload_urls"

__all__ = ["application"]
