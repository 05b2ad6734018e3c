"""What people sign in with beside their password: sessions, tokens, links. Of a secret only its digest is kept."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models.people import User
from accounts.querysets import AccountLinkQuerySet, ApiTokenQuerySet, SessionQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of


class Session(TenantModel):
    """A browser session. The key is stored as its digest, so reading the table gives no session away."""

    digest = models.BinaryField(max_length=32)
    user = TenantForeignKey(User, models.CASCADE, related_name="sessions")
    data = models.TextField()
    expires_at = models.DateTimeField()
    # As exactly as the request said it: unlike the log, a session can be erased.
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=1000, default="", db_default="")

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["digest"], name="accounts_session_digest"),)
        indexes = (QueryIndex(serves="purge what has expired", fields=["expires_at"], name="accounts_session_expired"),)

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class ApiToken(TenantModel):
    """A bearer token: `cmk_<kind><prefix>_<secret><checksum>`. Only its digest is stored.

    `user` is the person whose rights it carries. `agent_id` binds it to exactly one agent (a plain id here: agents live
    above; their migration adds the composite foreign key).
    """

    user = TenantForeignKey(User, models.CASCADE, related_name="tokens")
    agent_id = models.UUIDField(null=True, blank=True, editable=False)
    name = models.CharField(max_length=255)
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=50), default=list)

    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "API token"
        verbose_name_plural = "API tokens"
        constraints = (
            models.UniqueConstraint(fields=["digest"], name="accounts_apitoken_digest"),
            models.UniqueConstraint(fields=["tenant", "prefix"], name="accounts_apitoken_prefix"),
            # an agent's token says when it ends
            models.CheckConstraint(
                condition=models.Q(agent_id__isnull=True) | models.Q(expires_at__isnull=False),
                name="accounts_apitoken_agent_expires",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the tokens of one agent, to list and to revoke them",
                fields=["tenant", "agent_id", "-id"],
                condition=models.Q(agent_id__isnull=False),
                name="accounts_apitoken_of_agent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def end_when_rotated(self) -> datetime | None:
        """Return when the token that replaces this one now would end: after as long as this one was made for."""
        return timezone.now() + (self.expires_at - self.created_at) if self.expires_at else None


class IdempotencyKey(TenantModel):
    """A request that was answered: the same key gives the same answer, for a day."""

    principal_id = models.UUIDField()
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(null=True)  # noqa: DJ001  # NULL means "not answered yet", an empty body is an answer
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "principal_id", "route", "key"], name="accounts_idempotencykey_once"
            ),
        )
        indexes = (
            QueryIndex(serves="purge what has expired", fields=["expires_at"], name="accounts_idempotency_expired"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class LinkPurpose(models.TextChoices):
    INVITATION = "invitation", "Invitation"
    RESET = "reset", "New password"
    CHANGE = "change", "First own password"


class AccountLink(TenantModel):
    """A code that lets whoever holds it choose a person's password, once. It travels in a link."""

    user = TenantForeignKey(User, models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=10, choices=LinkPurpose.choices)
    digest = models.BinaryField(max_length=32, editable=False)
    by_mail = models.BooleanField(help_text="Sent to the person's address: who uses it can read what arrives there.")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, editable=False, help_text="Used, or replaced by a newer one.")

    objects = AccountLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "digest"], name="accounts_accountlink_digest"),
            models.UniqueConstraint(
                fields=["tenant", "user", "purpose"],
                condition=models.Q(ended_at__isnull=True),
                name="accounts_accountlink_one_open",
            ),
            one_of("purpose", LinkPurpose, name="accounts_accountlink_purpose"),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.user_id}"
