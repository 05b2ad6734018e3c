"""The admin site of the product instead of Django's default one."""

from django.contrib.admin.apps import AdminConfig


class ControlAdminConfig(AdminConfig):
    default_site = "config.admin.ControlAdminSite"
