"""Secrets that must be read again (a GitHub token, a webhook's secret): encrypted under keys outside the database.

The ciphertext is bound to nothing but the keys: a row may be moved or copied. To rotate, put a new key in front of
`FIELD_KEYS`, run `manage.py rotate_keys fields`, then take the old key away.
"""

from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class FieldKeyError(RuntimeError):
    """No key of `FIELD_KEYS` opens what is stored: a key was taken away too early, or the row is not ours."""


def cipher() -> MultiFernet:
    """Return the cipher that writes with the newest key and reads with each."""
    return MultiFernet([fernet(key) for key in settings.FIELD_KEYS])


def fernet(key: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(key))


def encrypt(plain: str) -> str:
    """Return `plain` encrypted under the newest key; twice the same text gives two ciphertexts."""
    return cipher().encrypt(plain.encode()).decode()


def decrypt(sealed: str) -> str:
    """Return what was encrypted; raises `FieldKeyError`."""
    try:
        return cipher().decrypt(sealed).decode()
    except InvalidToken:
        raise FieldKeyError("No key of FIELD_KEYS opens this value; is the key that wrote it missing?") from None


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # at run time it takes no parameters
    """A text that the database sees encrypted. Nothing can be searched in it; NULL stays NULL."""

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return None if plain is None else encrypt(plain)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Know only `isnull`: no ciphertext equals another, so every comparison would quietly find nothing."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
