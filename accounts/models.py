"""Tenants, people and what they sign in with."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts import roles
from accounts.querysets import (
    ApiTokenQuerySet,
    NotificationQuerySet,
    SessionQuerySet,
    TenantQuerySet,
    UserManager,
    UserPreferenceQuerySet,
    UserQuerySet,
)
from common.context import Actor, Principal, Source
from common.crypto import EncryptedTextField
from common.models import (
    IN_USE,
    BaseModel,
    InUse,
    QueryIndex,
    SoftDeleteModel,
    TenantForeignKey,
    TenantModel,
    one_of,
)


class Tenant(BaseModel):
    """An organisation. Its rows are invisible to every other one; row security compares its own id."""

    name = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=63, db_index=False)
    description = models.TextField(default="", blank=True)

    is_active = models.BooleanField(default=True)
    is_trial = models.BooleanField(default=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: the trial has no end.")
    deleted_at = models.DateTimeField(null=True, editable=False)
    allow_self_approval = models.BooleanField(
        default=False,
        help_text="Let people decide what they or their own agents asked. Meant for a tenant of one person.",
    )
    updated_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)

    objects = InUse.from_queryset(TenantQuerySet)()
    all_objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        base_manager_name = "all_objects"
        constraints = (
            # Of deleted ones too: a slug is in addresses that were given away.
            models.UniqueConstraint(Lower("slug"), name="accounts_tenant_slug"),
            models.CheckConstraint(
                condition=Q(trial_ends_at__isnull=True) | Q(is_trial=True), name="accounts_tenant_trial_ends"
            ),
            # What finds sessions, tokens and logins asks only whether the tenant is active.
            models.CheckConstraint(condition=IN_USE | Q(is_active=False), name="accounts_tenant_deleted_is_inactive"),
        )

    def __str__(self) -> str:
        return self.display_name or self.name


class Role(models.TextChoices):
    ADMIN = "admin", "Administrator"
    MANAGER = "manager", "Manager"
    USER = "user", "User"
    SERVICE = "service", "Service account"


class StaffRole(models.TextChoices):
    """What somebody may do in the admin, where Django has groups: those are one table for all tenants."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    APPROVER = "approver", "Approver"
    AUDITOR = "auditor", "Auditor"
    PROJECT_ADMIN = "project_admin", "Project administrator"
    PLATFORM_ADMIN = "platform_admin", "Platform administrator"


class User(AbstractBaseUser, SoftDeleteModel):
    """A person, or a service account that never signs in with a password.

    A deleted one keeps its row: e-mail addresses are never used again, so that an address in the log stays one person.
    """

    email = models.EmailField(max_length=255, unique=True, help_text="Stored in lower case.")
    email_verified = models.BooleanField(default=False)
    username = models.CharField(max_length=255)
    display_name = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.USER)
    is_service_account = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(role="service"), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    staff_roles = ArrayField(models.CharField(max_length=20, choices=StaffRole.choices), default=list, blank=True)

    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True, editable=False)

    github_username = models.CharField(max_length=255, default="", blank=True)
    github_user_id = models.BigIntegerField(null=True, blank=True)
    github_access_token = EncryptedTextField(null=True, editable=False)
    github_token_expires_at = models.DateTimeField(null=True, editable=False)

    metadata = models.JSONField(default=dict, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()
    all_objects = UserQuerySet.as_manager()

    class Meta:
        ordering = ("display_name",)
        base_manager_name = "all_objects"
        constraints = (
            one_of("role", Role, name="accounts_user_role"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_lower"),
            # Django writes an unusable password with a leading "!"
            models.CheckConstraint(
                condition=~models.Q(role="service") | models.Q(password__startswith="!"),  # noqa: S106  # a mark
                name="accounts_user_service_has_no_password",
            ),
            models.UniqueConstraint("tenant", Lower("username"), condition=IN_USE, name="accounts_user_username"),
            models.UniqueConstraint(
                fields=["tenant", "github_user_id"],
                condition=Q(github_user_id__isnull=False),
                name="accounts_user_github_user_id",
            ),
            models.CheckConstraint(
                condition=Q(staff_roles__contained_by=StaffRole.values), name="accounts_user_staff_roles"
            ),
            models.CheckConstraint(
                condition=Q(github_token_expires_at__isnull=True) | Q(github_access_token__isnull=False),
                name="accounts_user_github_token_expires",
            ),
            # What finds sessions, tokens and logins asks only whether the account is active.
            models.CheckConstraint(condition=IN_USE | Q(is_active=False), name="accounts_user_deleted_is_inactive"),
        )
        indexes = (
            QueryIndex(
                serves="the person behind a GitHub account's name",
                fields=["tenant", "github_username"],
                condition=~Q(github_username=""),
                name="accounts_user_github_username",
            ),
            QueryIndex(
                serves="the active people of a tenant by name",
                fields=["tenant", "is_active", "display_name"],
                name="accounts_user_active",
            ),
            QueryIndex(
                serves="the newest accounts of a tenant", fields=["tenant", "-created_at"], name="accounts_user_newest"
            ),
            QueryIndex(
                serves="the people of one role, such as all administrators",
                fields=["tenant", "role"],
                name="accounts_user_by_role",
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_superuser(self) -> bool:
        """Django's word for an administrator of the tenant; row security binds it like everybody."""
        return self.role == Role.ADMIN

    @property
    def sees_whole_tenant(self) -> bool:
        """Whether the admin shows rows of every project, not of one's own only."""
        return self.is_superuser or bool(roles.WHOLE_TENANT & set(self.staff_roles))

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_staff and (self.is_superuser or roles.allows(self.staff_roles, perm))

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff and (self.is_superuser or roles.opens_app(self.staff_roles, app_label))

    @property
    def actor(self) -> Actor:
        return Actor(Source.USER, self.id, str(self))

    def principal(self) -> Principal:
        """Return this person as a caller."""
        return Principal(tenant_id=self.tenant_id, user_id=self.id, label=str(self), role=self.role)


class Theme(models.TextChoices):
    AUTO = "auto", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class NotificationTiming(models.TextChoices):
    AT_ONCE = "at_once", "At once"
    DIGEST = "digest", "Once a day"
    NONE = "none", "Never by e-mail"


class UserPreference(TenantModel):
    """How one person wants the product to look and to write."""

    user = TenantForeignKey(User, models.CASCADE, related_name="preferences", db_index=False)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.AUTO)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="A name of the IANA database.")
    notifications = models.CharField(
        max_length=10, choices=NotificationTiming.choices, default=NotificationTiming.AT_ONCE
    )
    daily_digest_hour = models.PositiveSmallIntegerField(default=8, help_text="In the person's time zone.")
    preferences = models.JSONField(default=dict, blank=True)

    objects = UserPreferenceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "user"], name="accounts_userpreference_once"),
            one_of("theme", Theme, name="accounts_userpreference_theme"),
            one_of("notifications", NotificationTiming, name="accounts_userpreference_timing"),
            models.CheckConstraint(
                condition=Q(daily_digest_hour__range=(0, 23)), name="accounts_userpreference_digest_hour"
            ),
        )

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Notification(TenantModel):
    """One line to one person about something that concerns them. `kind` is the name of the event it comes from."""

    user = TenantForeignKey(User, models.CASCADE, related_name="notifications", db_index=False)
    kind = models.CharField(max_length=100)
    title = models.CharField(max_length=500)
    body = models.TextField(default="", blank=True)
    url = models.CharField(max_length=1000, help_text="A path of this site.")
    subject_type = models.CharField(max_length=50, default="", blank=True)
    subject_id = models.UUIDField(null=True)
    event_id = models.UUIDField(null=True)

    read_at = models.DateTimeField(null=True)
    emailed_at = models.DateTimeField(null=True, help_text="Sent in a mail of its own.")
    digest_at = models.DateTimeField(null=True, help_text="Sent in a daily digest.")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            # a path: "//host" would be another site
            models.CheckConstraint(
                condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="accounts_notification_url"
            ),
            # an event that is handled twice tells nobody twice
            models.UniqueConstraint(
                fields=["tenant", "event_id", "user"],
                condition=Q(event_id__isnull=False),
                name="accounts_notification_once",
            ),
        )
        indexes = (
            QueryIndex(
                serves="the notifications of one person, newest first",
                fields=["tenant", "user", "-id"],
                name="accounts_notification_list",
            ),
            QueryIndex(
                serves="the unread badge of one person",
                fields=["tenant", "user"],
                condition=Q(read_at__isnull=True),
                name="accounts_notification_unread",
            ),
            QueryIndex(
                serves="what may still be sent by e-mail, over all tenants",
                fields=["created_at"],
                condition=Q(read_at__isnull=True, emailed_at__isnull=True, digest_at__isnull=True),
                name="accounts_notification_unsent",
            ),
        )

    def __str__(self) -> str:
        return self.title


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
