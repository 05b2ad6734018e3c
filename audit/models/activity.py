"""The activity feed: sentences for people, made from the log. It may be pruned, and made again."""

from django.db import models
from django.db.models import Q

from audit.querysets import ActivityItemQuerySet
from common.models import QueryIndex, TenantForeignKey, TenantModel


class ActivityItem(TenantModel):
    """One event as a sentence with a link. `created_at` is the event's time.

    A feed is ordered by `event_id`, which is a time too and is the same again after a rebuild. An item with a project
    is for all its members; one that is for some people only has no project and names them (`ActivityVisibility`).
    """

    event_id = models.UUIDField()
    kind = models.CharField(max_length=100)
    sentence = models.CharField(max_length=500)
    description = models.TextField(default="", blank=True)
    url = models.CharField(max_length=1000, default="", blank=True, help_text="A path of this site.")

    project_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    agent_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=255, default="")
    is_public = models.BooleanField(default=False, help_text="For everybody of the tenant.")

    objects = ActivityItemQuerySet.as_manager()

    class Meta:
        ordering = ("-event_id",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "event_id"], name="audit_activityitem_once"),
            # a path: "//host" would be another site
            models.CheckConstraint(
                condition=Q(url="") | (Q(url__startswith="/") & ~Q(url__startswith="//")), name="audit_activityitem_url"
            ),
            # the system is neither
            models.CheckConstraint(
                condition=Q(user_id__isnull=True) | Q(agent_id__isnull=True), name="audit_activityitem_actor"
            ),
        )
        indexes = (
            QueryIndex(
                serves="the activity of one project, newest first",
                fields=["tenant", "project_id", "-event_id"],
                name="audit_activity_project",
            ),
            QueryIndex(
                serves="the activity around one task, newest first",
                fields=["tenant", "task_id", "-event_id"],
                condition=Q(task_id__isnull=False),
                name="audit_activity_task",
            ),
            QueryIndex(
                serves="what one person did, newest first",
                fields=["tenant", "user_id", "-event_id"],
                condition=Q(user_id__isnull=False),
                name="audit_activity_user",
            ),
            QueryIndex(
                serves="what one agent did, newest first",
                fields=["tenant", "agent_id", "-event_id"],
                condition=Q(agent_id__isnull=False),
                name="audit_activity_agent",
            ),
            QueryIndex(
                serves="the activity of a span of time, and what is old enough to prune",
                fields=["tenant", "created_at"],
                name="audit_activity_created",
            ),
            QueryIndex(
                serves="what everybody of the tenant may see, newest first",
                fields=["tenant", "-event_id"],
                condition=Q(is_public=True),
                name="audit_activity_public",
            ),
        )

    def __str__(self) -> str:
        return self.sentence


class ActivityVisibility(TenantModel):
    """A person who may see an item although nothing else lets them."""

    item = TenantForeignKey(ActivityItem, models.CASCADE, related_name="visibility", db_index=False)
    user_id = models.UUIDField()

    class Meta:
        verbose_name_plural = "activity visibility"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "item", "user_id"], name="audit_activityvisibility_once"),
        )
        indexes = (
            QueryIndex(
                serves="the items that one person was shown",
                fields=["tenant", "user_id", "item"],
                name="audit_visibility_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} for {self.user_id}"
