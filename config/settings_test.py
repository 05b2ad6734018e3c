"""What tests change: a fast password hasher, no log noise. PostgreSQL and Valkey stay the real ones."""

from config.settings import *  # noqa: F403  # a settings module is a namespace; Django itself reads it by name

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
