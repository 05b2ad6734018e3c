"""Projects, who belongs to them, and how they are delivered: plans, phases, groups, gates, reviews, decisions."""

from projects.models.decision import DecisionRecord, DecisionStatus
from projects.models.escalation import Escalation, EscalationRule, EscalationStep
from projects.models.gate import CheckKind, CheckState, Gate, GateCheck, GateKind, GateStatus
from projects.models.group import TaskGroup, TaskGroupDependency
from projects.models.metric import MetricKind, Operator, SuccessMetric
from projects.models.plan import CriterionState, Phase, PhaseStatus, Plan, PlanStatus, SdlcPhase, SuccessCriterion
from projects.models.project import (
    OversightLevel,
    Project,
    ProjectMember,
    ProjectRole,
    ProjectStatus,
    RepositoryProvider,
)
from projects.models.review import PatternCheck, PhaseApproval, Review, Verdict

__all__ = [
    "CheckKind",
    "CheckState",
    "CriterionState",
    "DecisionRecord",
    "DecisionStatus",
    "Escalation",
    "EscalationRule",
    "EscalationStep",
    "Gate",
    "GateCheck",
    "GateKind",
    "GateStatus",
    "MetricKind",
    "Operator",
    "OversightLevel",
    "PatternCheck",
    "Phase",
    "PhaseApproval",
    "PhaseStatus",
    "Plan",
    "PlanStatus",
    "Project",
    "ProjectMember",
    "ProjectRole",
    "ProjectStatus",
    "RepositoryProvider",
    "Review",
    "SdlcPhase",
    "SuccessCriterion",
    "SuccessMetric",
    "TaskGroup",
    "TaskGroupDependency",
    "Verdict",
]
