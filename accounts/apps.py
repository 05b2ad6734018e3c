from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Tenants, people, sign-in, sessions, tokens."""

    name = "accounts"
    label = "accounts"
