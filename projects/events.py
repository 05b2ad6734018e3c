"""What happens to projects and their delivery, and the questions that the apps above answer.

A signal is sent inside the transaction of the change it is about: a receiver that raises a `DomainError` refuses it.
"""

from django.dispatch import Signal

from audit.events import Action, EventType, Severity

# --- signals --------------------------------------------------------------------------------------------------------

agents_named = Signal()
"""`agents` are named, {field: id}: an id that is no agent of the tenant is refused, by the name of its field."""

gate_opening = Signal()
"""`gate` is about to open; work that is not done refuses it."""

judge_chosen = Signal()
"""Somebody (`user_id` or `agent_id`) is to own or judge the work of `phase_id`, of one group (`group_id`) or of all
of them: whoever did that work is refused."""

review_reopening = Signal()
"""A review of `gate` asks for changes: reopen the tasks `task_ids` because of `reason`. Sent before the gate is locked,
so that tasks are locked first."""

phase_completing = Signal()
"""`phase` is about to be completed; work that is not done refuses it."""

order_changed = Signal()
"""What the plan `plan_id` lets through has changed: a gate, a dependency of groups, a phase's state."""

project_closing = Signal()
"""`project` ends, is archived or deleted, for `reason`: what still runs in it is told to stop."""

evidence_cited = Signal()
"""The evidence `evidence_id` is cited in the project `project_id`: for a run of a check of `gate` that ended with
`exit_code`, or, where both are None, for whatever else."""

escalation_raised = Signal()
"""`escalation` was raised; `check` is the gate check it is about, or None."""

progress_asked = Signal()
"""How many tasks of each of `phase_ids` are done: receivers return `{phase_id: (done, all)}`."""

facts_asked = Signal()
"""What was measured in each of `phase_ids`: receivers return `{phase_id: {kind of metric: value}}`."""

measures_asked = Signal()
"""What was measured in the project `project_id`: receivers return `{column of Project: value}`."""

MAINTAINERS = ("maintainers",)
"""who decides for a project (`notifies`)"""

# --- events ---------------------------------------------------------------------------------------------------------

PROJECT_CREATED = EventType("project.created", Action.CREATE, "project created", aliases=("project_created",))
PROJECT_UPDATED = EventType(
    "project.updated", Action.UPDATE, "project changed", {"changed": list}, aliases=("project_updated",)
)
PROJECT_COMPLETED = EventType("project.completed", Action.UPDATE, "project completed", aliases=("project_completed",))
PROJECT_FAILED = EventType("project.failed", Action.UPDATE, "project failed", severity=Severity.NOTICE)
PROJECT_CANCELLED = EventType(
    "project.cancelled", Action.UPDATE, "project cancelled", severity=Severity.NOTICE, aliases=("project_cancelled",)
)
PROJECT_ARCHIVED = EventType(
    "project.archived", Action.UPDATE, "project archived", severity=Severity.NOTICE, aliases=("project_archived",)
)
PROJECT_REACTIVATED = EventType("project.reactivated", Action.UPDATE, "project taken up again")
PROJECT_DELETED = EventType(
    "project.deleted", Action.DELETE, "project deleted", severity=Severity.WARNING, aliases=("project_deleted",)
)
PROJECT_MEASURED = EventType("project.measured", Action.UPDATE, "project measured", {"changed": list})
PROJECT_MEMBER_ADDED = EventType(
    "project.member_added",
    Action.UPDATE,
    "member added",
    {"user_id": str, "role": str},
    aliases=("permission_granted",),
)
PROJECT_MEMBER_REMOVED = EventType(
    "project.member_removed", Action.UPDATE, "member removed", {"user_id": str}, aliases=("permission_revoked",)
)

PLAN_CREATED = EventType("plan.created", Action.CREATE, "plan created")
PLAN_UPDATED = EventType("plan.updated", Action.UPDATE, "plan changed", {"changed": list})
PLAN_STARTED = EventType("plan.started", Action.UPDATE, "plan started")
PLAN_COMPLETED = EventType("plan.completed", Action.UPDATE, "plan completed")
PLAN_CANCELLED = EventType("plan.cancelled", Action.UPDATE, "plan cancelled", severity=Severity.NOTICE)

PHASE_CREATED = EventType("phase.created", Action.CREATE, "phase added", {"plan_id": str})
PHASE_UPDATED = EventType("phase.updated", Action.UPDATE, "phase changed", {"changed": list})
PHASE_STARTED = EventType("phase.started", Action.UPDATE, "phase started")
PHASE_BLOCKED = EventType("phase.blocked", Action.UPDATE, "phase blocked", severity=Severity.NOTICE)
PHASE_RESUMED = EventType("phase.resumed", Action.UPDATE, "phase goes on")
PHASE_CANCELLED = EventType("phase.cancelled", Action.UPDATE, "phase cancelled", severity=Severity.NOTICE)
PHASE_JUDGED = EventType(
    "phase.judged", Action.UPDATE, "final review of a phase", {"verdict": str}, severity=Severity.NOTICE
)
PHASE_COMPLETED = EventType("phase.completed", Action.UPDATE, "phase completed", severity=Severity.NOTICE)

CRITERION_ADDED = EventType("success_criterion.added", Action.CREATE, "success criterion added", {"phase_id": str})
CRITERION_UPDATED = EventType(
    "success_criterion.updated", Action.UPDATE, "success criterion changed", {"changed": list}
)
CRITERION_DECIDED = EventType(
    "success_criterion.decided", Action.UPDATE, "success criterion decided", {"state": str, "evidence_id": str}
)

GROUP_CREATED = EventType("task_group.created", Action.CREATE, "group added", {"phase_id": str})
GROUP_UPDATED = EventType("task_group.updated", Action.UPDATE, "group changed", {"changed": list})
GROUP_DEPENDENCY_ADDED = EventType(
    "task_group.dependency_added", Action.UPDATE, "group waits for another", {"depends_on_id": str}
)
GROUP_DEPENDENCY_REMOVED = EventType(
    "task_group.dependency_removed", Action.UPDATE, "group waits no longer for another", {"depends_on_id": str}
)

GATE_CREATED = EventType("gate.created", Action.CREATE, "gate added", {"phase_id": str, "kind": str})
GATE_UPDATED = EventType("gate.updated", Action.UPDATE, "gate changed", {"changed": list})
GATE_OPENED = EventType("gate.opened", Action.UPDATE, "gate opened", {"cycle": int})
GATE_PASSED = EventType(
    "gate.passed",
    Action.UPDATE,
    "gate passed",
    {"cycle": int},
    severity=Severity.NOTICE,
    aliases=("gate_passed",),
)
GATE_FAILED = EventType(
    "gate.failed", Action.UPDATE, "gate failed", {"cycle": int}, severity=Severity.WARNING, aliases=("gate_failed",)
)
GATE_CHANGES_REQUESTED = EventType(
    "gate.changes_requested",
    Action.UPDATE,
    "changes requested",
    {"cycle": int, "reopened": list},
    severity=Severity.NOTICE,
)
GATE_REOPENED = EventType(
    "gate.reopened",
    Action.UPDATE,
    "gate reviewed anew",
    {"cycle": int},
    severity=Severity.WARNING,
    notifies=MAINTAINERS,
)
GATE_WAIVED = EventType("gate.waived", Action.UPDATE, "gate waived", severity=Severity.WARNING)
CHECK_ADDED = EventType("gate_check.added", Action.CREATE, "check added", {"gate_id": str, "kind": str})
CHECK_JUDGED = EventType(
    "gate_check.judged",
    Action.EXECUTE,
    "check judged",
    {"gate_id": str, "state": str, "exit_code": int, "evidence_id": str},
)
CHECK_PROOF_REJECTED = EventType(
    "gate_check.proof_rejected",
    Action.UPDATE,
    "proof of a check rejected",
    {"gate_id": str, "evidence_id": str},
    severity=Severity.WARNING,
)
CHECK_WAIVED = EventType(
    "gate_check.waived", Action.UPDATE, "check waived", {"gate_id": str}, severity=Severity.WARNING
)
REVIEW_SUBMITTED = EventType(
    "review.submitted",
    Action.CREATE,
    "review submitted",
    {"gate_id": str, "verdict": str, "cycle": int, "patterns_lost": list},
    severity=Severity.NOTICE,
    aliases=("review_submitted",),
)

DECISION_PROPOSED = EventType("decision_record.proposed", Action.CREATE, "decision proposed", {"number": int})
DECISION_ACCEPTED = EventType("decision_record.accepted", Action.UPDATE, "decision accepted", {"number": int})
DECISION_SUPERSEDED = EventType(
    "decision_record.superseded", Action.UPDATE, "decision superseded", {"number": int, "superseded_by_id": str}
)

RULE_ADDED = EventType("escalation_rule.added", Action.CREATE, "escalation rule added", {"area": str})
RULE_UPDATED = EventType("escalation_rule.updated", Action.UPDATE, "escalation rule changed", {"changed": list})
ESCALATION_RAISED = EventType(
    "escalation.raised",
    Action.CREATE,
    "escalation raised",
    {"area": str, "step": str, "subject_type": str, "subject_id": str},
    severity=Severity.WARNING,
    aliases=("escalation_raised",),
)
ESCALATION_RESOLVED = EventType("escalation.resolved", Action.UPDATE, "escalation resolved", {"step": str})

METRIC_ADDED = EventType("success_metric.added", Action.CREATE, "success metric added", {"phase_id": str})
METRIC_UPDATED = EventType("success_metric.updated", Action.UPDATE, "success metric changed", {"changed": list})
