"""Tenants, people and what they sign in with."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from accounts.querysets import ApiTokenQuerySet, UserManager
from common.context import Actor, Principal, Source
from common.models import BaseModel, QueryIndex, TenantForeignKey, TenantModel, one_of


class Tenant(BaseModel):
    """An organisation. Its rows are invisible to every other one; row security compares its own id."""

    name = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=63)
    description = models.TextField(default="", blank=True)

    is_active = models.BooleanField(default=True)
    allow_self_approval = models.BooleanField(
        default=False,
        help_text="Let people decide what they or their own agents asked. Meant for a tenant of one person.",
    )
    updated_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("slug"), name="accounts_tenant_slug"),)

    def __str__(self) -> str:
        return self.display_name or self.name


class Role(models.TextChoices):
    ADMIN = "admin", "Administrator"
    MANAGER = "manager", "Manager"
    USER = "user", "User"
    SERVICE = "service", "Service account"


class User(AbstractBaseUser, TenantModel):
    """A person, or a service account that never signs in with a password."""

    email = models.EmailField(max_length=255, unique=True, help_text="Stored in lower case.")
    username = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ("display_name",)
        constraints = (
            one_of("role", Role, name="accounts_user_role"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_lower"),
            # Django writes an unusable password with a leading "!"
            models.CheckConstraint(
                condition=~models.Q(role="service") | models.Q(password__startswith="!"),  # noqa: S106  # a mark
                name="accounts_user_service_has_no_password",
            ),
            models.UniqueConstraint("tenant", Lower("username"), name="accounts_user_username"),
        )

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_superuser(self) -> bool:
        """Django's word for an administrator of the tenant; row security binds it like everybody."""
        return self.role == Role.ADMIN

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_staff and self.role == Role.ADMIN

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm(app_label)

    @property
    def actor(self) -> Actor:
        return Actor(Source.USER, self.id, str(self))

    def principal(self) -> Principal:
        """Return this person as a caller."""
        return Principal(tenant_id=self.tenant_id, user_id=self.id, label=str(self), role=self.role)


class Session(TenantModel):
    """A browser session. The key is stored as its digest, so reading the table gives no session away."""

    digest = models.BinaryField(max_length=32)
    user = TenantForeignKey(User, models.CASCADE, related_name="sessions")
    data = models.TextField()
    expires_at = models.DateTimeField()

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

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


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
