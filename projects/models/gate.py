"""Gates between the groups of a phase, and what they check."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from accounts.models import User
from common.models import QueryIndex, TenantForeignKey, TenantModel, one_of
from projects.models.checks import equivalent, implies, is_set, is_unset, not_both
from projects.models.group import TaskGroup
from projects.models.plan import Phase
from projects.querysets import GateCheckQuerySet, GateQuerySet

MAX_OUTPUT = 65_536


class GateKind(models.TextChoices):
    REVIEW = "review", "Review"
    VALIDATION = "validation", "Validation"
    FINAL = "final", "Final review"


class GateStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    OPEN = "open", "Open"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    WAIVED = "waived", "Waived"


UNDECIDED = (GateStatus.PENDING, GateStatus.OPEN)


class Gate(TenantModel):
    """Opens when its group is done, passes when every check passed or was waived, and lets the next group begin.

    `cycle` counts the revisions: those that reviews asked for, and those for a proof that was rejected.
    """

    phase = TenantForeignKey(Phase, models.CASCADE, db_index=False, related_name="gates")
    kind = models.CharField(max_length=20, choices=GateKind.choices)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    # Without a group: after all groups of the phase.
    after_group = TenantForeignKey(TaskGroup, models.RESTRICT, null=True, blank=True, related_name="gates")
    # Who answers for it: a person, an agent (a plain id: agents live above), or nobody yet.
    owner_user = TenantForeignKey(User, null=True, blank=True, related_name="owned_gates")
    owner_agent_id = models.UUIDField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=GateStatus.choices, default=GateStatus.PENDING)
    cycle = models.PositiveSmallIntegerField(default=0, editable=False)
    required = models.BooleanField(default=True)
    opened_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    waived_by = TenantForeignKey(User, null=True, editable=False, related_name="waived_gates")
    waived_reason = models.TextField(default="", blank=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        ordering = ("phase", "kind", "number")
        constraints = (
            one_of("kind", GateKind, name="projects_gate_kind"),
            one_of("status", GateStatus, name="projects_gate_status"),
            not_both("owner_user", "owner_agent_id", name="projects_gate_owner"),
            models.CheckConstraint(
                condition=equivalent(models.Q(status__in=UNDECIDED), is_unset("decided_at")),
                name="projects_gate_decided",
            ),
            # A gate may be waived before it opened; every other way leads through open.
            models.CheckConstraint(
                condition=models.Q(status__in=[GateStatus.PENDING, GateStatus.WAIVED]) | is_set("opened_at"),
                name="projects_gate_opened",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=GateStatus.WAIVED), ~models.Q(waived_reason="")),
                name="projects_gate_waived_reason",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(status=GateStatus.WAIVED), is_set("waived_by")),
                name="projects_gate_waived_by",
            ),
            models.UniqueConstraint(
                fields=["tenant", "phase", "kind", "number"],
                deferrable=models.Deferrable.IMMEDIATE,
                name="projects_gate_number",
            ),
        )
        indexes = (
            QueryIndex(
                serves="gates of one status, newest first: what waits for a decision",
                fields=["tenant", "status", "-id"],
                name="projects_gate_by_status",
            ),
            QueryIndex(
                serves="the gates one agent answers for",
                fields=["tenant", "owner_agent_id", "status"],
                condition=models.Q(owner_agent_id__isnull=False),
                name="projects_gate_owner_agent",
            ),
        )

    def __str__(self) -> str:
        return self.name


class CheckKind(models.TextChoices):
    MANUAL = "manual", "Manual"
    AUTOMATED = "automated", "Automated"
    COMMAND = "command", "Command"


class CheckState(models.TextChoices):
    PENDING = "pending", "Pending"
    PASS = "pass", "Pass"
    FAIL = "fail", "Fail"
    SKIPPED = "skipped", "Skipped"


class GateCheck(TenantModel):
    """One thing a gate looks at. A waiver stands beside the state: what failed stays failed, and is let through."""

    gate = TenantForeignKey(Gate, models.CASCADE, db_index=False, related_name="checks")
    section = models.CharField(max_length=100, default="", blank=True)
    ordinal = models.PositiveSmallIntegerField()
    text = models.TextField()
    kind = models.CharField(max_length=10, choices=CheckKind.choices, default=CheckKind.MANUAL)
    command = models.TextField(default="", blank=True)
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.PENDING)
    # Evidence and agents live above: their migrations add the composite foreign keys.
    evidence_id = models.UUIDField(null=True, blank=True)
    output = models.TextField(default="", blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    checked_by_user = TenantForeignKey(User, null=True, editable=False, related_name="gate_checks")
    checked_by_agent_id = models.UUIDField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    skipped_reason = models.TextField(default="", blank=True)
    waived_by = TenantForeignKey(User, null=True, editable=False, related_name="waived_gate_checks")
    waived_at = models.DateTimeField(null=True, editable=False)
    waived_reason = models.TextField(default="", blank=True)

    objects = GateCheckQuerySet.as_manager()

    class Meta:
        ordering = ("gate", "section", "ordinal")
        constraints = (
            one_of("kind", CheckKind, name="projects_gatecheck_kind"),
            one_of("state", CheckState, name="projects_gatecheck_state"),
            models.CheckConstraint(
                condition=implies(models.Q(kind=CheckKind.COMMAND), ~models.Q(command="")),
                name="projects_gatecheck_command",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(state=CheckState.PENDING), is_unset("checked_at")),
                name="projects_gatecheck_checked",
            ),
            not_both("checked_by_user", "checked_by_agent_id", name="projects_gatecheck_checked_by"),
            # Whatever a run says, it did not pass if it ended badly.
            models.CheckConstraint(
                condition=implies(models.Q(state=CheckState.PASS), is_unset("exit_code") | models.Q(exit_code=0)),
                name="projects_gatecheck_exit_code",
            ),
            models.CheckConstraint(
                condition=equivalent(models.Q(state=CheckState.SKIPPED), ~models.Q(skipped_reason="")),
                name="projects_gatecheck_skipped",
            ),
            models.CheckConstraint(
                condition=(is_unset("waived_by", "waived_at") & models.Q(waived_reason=""))
                | (is_set("waived_by", "waived_at") & ~models.Q(waived_reason="")),
                name="projects_gatecheck_waived",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("output"), MAX_OUTPUT), name="projects_gatecheck_output"
            ),
            models.UniqueConstraint(
                fields=["tenant", "gate", "section", "ordinal"],
                deferrable=models.Deferrable.IMMEDIATE,
                name="projects_gatecheck_ordinal",
            ),
        )
        indexes = (
            QueryIndex(
                serves="checks that failed, newest first: what escalates",
                fields=["tenant", "-id"],
                condition=models.Q(state=CheckState.FAIL),
                name="projects_gatecheck_failed",
            ),
            QueryIndex(
                serves="the checks that one evidence proves",
                fields=["tenant", "evidence_id"],
                condition=models.Q(evidence_id__isnull=False),
                name="projects_gatecheck_evidence",
            ),
            QueryIndex(
                serves="the checks that one agent made",
                fields=["tenant", "checked_by_agent_id", "-id"],
                condition=models.Q(checked_by_agent_id__isnull=False),
                name="projects_gatecheck_agent",
            ),
        )

    def __str__(self) -> str:
        return self.text
