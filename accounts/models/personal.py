"""What belongs to one person: how the product looks and writes to them, and what it told them."""

from django.db import models
from django.db.models import Q

from accounts.models.people import User
from accounts.querysets import NotificationQuerySet, UserPreferenceQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of


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

    is_warning = models.BooleanField(
        default=False,
        db_default=False,
        help_text="About one's own account: a letter goes out whatever its person prefers, and though it was read.",
    )
    read_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True, editable=False, help_text="A letter about it is being sent.")
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
                condition=Q(emailed_at__isnull=True, digest_at__isnull=True)
                & (Q(read_at__isnull=True) | Q(is_warning=True)),
                name="accounts_notification_unsent",
            ),
        )

    def __str__(self) -> str:
        return self.title
