"""What makes personal data erasable although the log is not."""

from django.db import models
from django.db.models import Q

from common.crypto import EncryptedTextField
from common.models import TenantModel


class SubjectKey(TenantModel):
    """The key under which one person's data is encrypted. Destroying it erases the data wherever its copies are.

    Nothing makes one yet: no event carries more of a person than a name (docs/decisions/0010-erasure.md).

    `key` is base64 of 32 bytes, encrypted again under `FIELD_KEYS`. Nobody may see it.
    """

    user_id = models.UUIDField()
    key = EncryptedTextField(null=True, editable=False)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "user_id"], name="audit_subjectkey_once"),
            models.CheckConstraint(
                condition=Q(key__isnull=False, destroyed_at__isnull=True)
                | Q(key__isnull=True, destroyed_at__isnull=False),
                name="audit_subjectkey_destroyed",
            ),
        )

    def __str__(self) -> str:
        return f"key of {self.user_id}"
