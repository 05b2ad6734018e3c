"""Every write about projects and their delivery."""

from projects.services.checks import add_check, judge_check, record_check_run, waive_check
from projects.services.criteria import add_criterion, decide_criterion, update_criterion
from projects.services.decisions import accept_decision, propose_decision
from projects.services.escalations import (
    add_escalation_rule,
    raise_escalation,
    resolve_escalation,
    update_escalation_rule,
)
from projects.services.gates import create_gate, open_gate, open_ready_gates, update_gate, waive_gate
from projects.services.groups import add_group_dependency, create_group, remove_group_dependency, update_group
from projects.services.metrics import add_metric, measure_project, note_work, update_metric
from projects.services.phases import (
    block_phase,
    cancel_phase,
    complete_phase,
    create_phase,
    judge_phase,
    resume_phase,
    start_phase,
    update_phase,
)
from projects.services.plans import cancel_plan, create_plan, update_plan
from projects.services.projects import (
    add_member,
    archive_project,
    create_project,
    delete_project,
    remove_member,
    update_project,
)
from projects.services.proofs import retract_proof
from projects.services.reviews import PatternInput, submit_review

__all__ = [
    "PatternInput",
    "accept_decision",
    "add_check",
    "add_criterion",
    "add_escalation_rule",
    "add_group_dependency",
    "add_member",
    "add_metric",
    "archive_project",
    "block_phase",
    "cancel_phase",
    "cancel_plan",
    "complete_phase",
    "create_gate",
    "create_group",
    "create_phase",
    "create_plan",
    "create_project",
    "decide_criterion",
    "delete_project",
    "judge_check",
    "judge_phase",
    "measure_project",
    "note_work",
    "open_gate",
    "open_ready_gates",
    "propose_decision",
    "raise_escalation",
    "record_check_run",
    "remove_group_dependency",
    "remove_member",
    "resolve_escalation",
    "resume_phase",
    "retract_proof",
    "start_phase",
    "submit_review",
    "update_criterion",
    "update_escalation_rule",
    "update_gate",
    "update_group",
    "update_metric",
    "update_phase",
    "update_plan",
    "update_project",
    "waive_check",
    "waive_gate",
]
