"""How people prove who they are besides a password: an authenticator app, recovery codes, passkeys, other accounts."""

from django.db import models

from accounts.models.people import User
from accounts.querysets import RecoveryCodeQuerySet, TotpDeviceQuerySet
from common.crypto import EncryptedTextField
from common.models import QueryIndex, TenantForeignKey, TenantModel


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


class Passkey(TenantModel):
    """The public half of a key on somebody's device (WebAuthn)."""

    user = TenantForeignKey(User, models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=100)
    credential_id = models.BinaryField(max_length=1023, editable=False)
    credential = models.BinaryField(editable=False, help_text="Attested credential data: the id and the public key.")
    sign_count = models.BigIntegerField(default=0, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["tenant", "credential_id"], name="accounts_passkey_credential"),)

    def __str__(self) -> str:
        return self.name


class Identity(TenantModel):
    """A person's account at an OIDC provider. GitHub's is in the person's own row, with the token to work there."""

    user = TenantForeignKey(User, models.CASCADE, related_name="identities", db_index=False)
    provider = models.CharField(max_length=50)
    subject = models.CharField(max_length=255, help_text="The provider's name for the account, which never changes.")
    label = models.CharField(max_length=255, default="", blank=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "user", "provider"], name="accounts_identity_once"),
            models.UniqueConstraint(fields=["tenant", "provider", "subject"], name="accounts_identity_subject"),
        )
        indexes = (
            QueryIndex(
                serves="the person of an account at a provider, before a tenant is known",
                fields=["subject", "provider"],
                name="accounts_identity_find",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} at {self.provider}"
