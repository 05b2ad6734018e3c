"""Second proofs of who somebody is: an authenticator app, and recovery codes for the day it is lost."""

from django.db import models

from accounts.models.people import User
from accounts.querysets import RecoveryCodeQuerySet, TotpDeviceQuerySet
from common.crypto import EncryptedTextField
from common.models import TenantForeignKey, TenantModel


class TotpDevice(TenantModel):
    """An app that shows a new code every 30 seconds (RFC 6238). It counts once its person has typed a code of it."""

    user = TenantForeignKey(User, models.CASCADE, related_name="totp_devices", db_index=False)
    secret = EncryptedTextField(editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    last_step = models.BigIntegerField(
        default=0, editable=False, help_text="The 30 seconds of the newest code that was accepted: none works twice."
    )

    objects = TotpDeviceQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "user"], name="accounts_totpdevice_once"),)

    def __str__(self) -> str:
        return f"authenticator of {self.user_id}"


class RecoveryCode(TenantModel):
    """Stands for the app, once."""

    user = TenantForeignKey(User, models.CASCADE, related_name="recovery_codes", db_index=False)
    digest = models.BinaryField(max_length=32, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    objects = RecoveryCodeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "user", "digest"], name="accounts_recoverycode_digest"),
        )

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
