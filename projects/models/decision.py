"""Decisions of a project, written down with their reasons."""

from django.db import models

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, is_set, is_unset, not_itself
from projects.models.plan import Phase, Plan
from projects.models.project import Project
from projects.querysets import DecisionRecordQuerySet


class DecisionStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    SUPERSEDED = "superseded", "Superseded"


class DecisionRecord(TenantModel):
    """What was decided and why; of the project, or of one plan or phase of it."""

    project = TenantForeignKey(Project, models.CASCADE, db_index=False, related_name="decision_records")
    plan = TenantForeignKey(Plan, models.RESTRICT, null=True, blank=True, related_name="decision_records")
    phase = TenantForeignKey(Phase, models.RESTRICT, null=True, blank=True, related_name="decision_records")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=255)
    decision = models.TextField()
    reasoning = models.TextField(default="", blank=True)
    alternatives = models.TextField(default="", blank=True)
    benefits = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    future = models.TextField(default="", blank=True)
    status = models.CharField(max_length=20, choices=DecisionStatus.choices, default=DecisionStatus.PROPOSED)
    superseded_by = TenantForeignKey("self", models.RESTRICT, null=True, editable=False, related_name="supersedes")
    decided_by = TenantForeignKey(User, null=True, editable=False, related_name="decision_records")

    objects = DecisionRecordQuerySet.as_manager()

    class Meta:
        ordering = ("project", "number")
        constraints = (
            one_of("status", DecisionStatus, name="projects_decisionrecord_status"),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=DecisionStatus.SUPERSEDED), is_set("superseded_by")),
                name="projects_decisionrecord_superseded",
            ),
            not_itself("superseded_by", name="projects_decisionrecord_not_itself"),
            # The phase's own plan: then "the decisions of a plan" is one column.
            models.CheckConstraint(condition=is_unset("phase") | is_set("plan"), name="projects_decisionrecord_scope"),
            models.UniqueConstraint(fields=["tenant", "project", "number"], name="projects_decisionrecord_number"),
        )
        indexes = (
            QueryIndex(
                serves="the decisions of a project by status, newest first",
                fields=["tenant", "project", "status", "-id"],
                name="projects_decision_by_status",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
