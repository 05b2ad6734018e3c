"""Tenants and their people."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts import roles
from accounts.querysets import TenantQuerySet, UserManager, UserQuerySet
from common.context import Actor, Principal, Source
from common.crypto import EncryptedTextField
from common.models import IN_USE, BaseModel, InUse, QueryIndex, SoftDeleteModel, one_of


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
                serves="the person of a GitHub account, before a tenant is known",
                fields=["github_user_id"],
                condition=Q(github_user_id__isnull=False),
                name="accounts_user_github_user",
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
