"""Changing keys and losing nothing: the new one comes first, the old one is still read, then it goes."""

from collections.abc import Iterator
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db.models import F, Model, TextField
from django.db.models.functions import Cast

from common.context import SYSTEM
from common.crypto import EncryptedTextField, fernet
from common.tenancy import system_call, tenant_context

BATCH = 200


def encrypted_fields() -> Iterator[tuple[type[Model], str]]:
    """Yield each model and the name of a field of it that is encrypted."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.attname


def reencrypt() -> dict[str, int]:
    """Encrypt under the newest of FIELD_KEYS what an older one encrypted; return how many values of each field.

    Rows are locked while they are read and written, a batch and a transaction at a time. What no key opens raises
    `FieldKeyError` and stays as it is.
    """
    done = {}
    for model, name in encrypted_fields():
        label = f"{model._meta.label_lower}.{name}"
        done[label] = sum(in_tenant(row["tenant_id"], model, name) for row in system_call("list_tenants"))
    return done


def in_tenant(tenant_id: UUID, model: type[Model], name: str) -> int:
    count, after = 0, UUID(int=0)
    newest = fernet(settings.FIELD_KEYS[0])
    while True:
        with tenant_context(tenant_id, actor=SYSTEM):
            rows = model._base_manager.filter(**{f"{name}__isnull": False}, pk__gt=after).order_by("pk")
            batch = list(rows.select_for_update().annotate(sealed=Cast(F(name), TextField())).only("pk", name)[:BATCH])
            for row in batch:
                if not opens(newest, row.sealed):
                    model._base_manager.filter(pk=row.pk).update(**{name: getattr(row, name)})
                    count += 1
        if len(batch) < BATCH:
            return count
        after = batch[-1].pk


def opens(key: Fernet, sealed: str) -> bool:
    try:
        key.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
