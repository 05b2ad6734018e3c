"""Every write about work."""

from tasks.services.approvals import (
    Answer,
    ask_if_needed,
    ask_people,
    redeem_approval,
    request_approval,
    respond_to_approval,
    respond_to_approvals,
)
from tasks.services.assignments import assign, end_assignment
from tasks.services.attachments import attach_file, delete_attachment, use_as_evidence
from tasks.services.blockers import open_blocker, resolve_blocker
from tasks.services.bulk import bulk_assign, bulk_close, bulk_create, bulk_update
from tasks.services.checklists import (
    add_checklist_item,
    change_checklist_item,
    order_checklist,
    remove_checklist_item,
    tick_checklist_item,
)
from tasks.services.claims import Claimed, claim_tasks, reap_expired_leases
from tasks.services.comments import add_comment, delete_comment, edit_comment
from tasks.services.context import context_for, leave_run_artifact
from tasks.services.contracts import CriterionInput, set_contract
from tasks.services.deadlines import escalate_approvals, expire_approvals
from tasks.services.dependencies import add_dependency, remove_dependency
from tasks.services.editing import create_task, update_task
from tasks.services.handoffs import (
    accept_handoff,
    change_handoff,
    complete_handoff,
    create_handoff,
    give_handoff,
    reject_handoff,
    submit_handoff,
)
from tasks.services.imports import ImportResult, import_issues
from tasks.services.journal import log_work, move_file, record_commit, record_file_change, settle_commit
from tasks.services.leases import direct_execution, fail_execution, heartbeat, lease_token, release_execution
from tasks.services.lifecycle import cancel_task, close_task, delete_task, reopen_task, restore_task
from tasks.services.neglected import mark_silent_agents, settle_expired_holds
from tasks.services.outcomes import ContractNotMet, complete_execution, hand_in_evidence, submit_signoff
from tasks.services.reports import report
from tasks.services.run_log import append_log
from tasks.services.standing_rules import create_standing_rule, revoke_standing_rule
from tasks.services.stopping import cancel_execution, take_lease

__all__ = [
    "Answer",
    "Claimed",
    "ContractNotMet",
    "CriterionInput",
    "ImportResult",
    "accept_handoff",
    "add_checklist_item",
    "add_comment",
    "add_dependency",
    "append_log",
    "ask_if_needed",
    "ask_people",
    "assign",
    "attach_file",
    "bulk_assign",
    "bulk_close",
    "bulk_create",
    "bulk_update",
    "cancel_execution",
    "cancel_task",
    "change_checklist_item",
    "change_handoff",
    "claim_tasks",
    "close_task",
    "complete_execution",
    "complete_handoff",
    "context_for",
    "create_handoff",
    "create_standing_rule",
    "create_task",
    "delete_attachment",
    "delete_comment",
    "delete_task",
    "direct_execution",
    "edit_comment",
    "end_assignment",
    "escalate_approvals",
    "expire_approvals",
    "fail_execution",
    "give_handoff",
    "hand_in_evidence",
    "heartbeat",
    "import_issues",
    "lease_token",
    "leave_run_artifact",
    "log_work",
    "mark_silent_agents",
    "move_file",
    "open_blocker",
    "order_checklist",
    "reap_expired_leases",
    "record_commit",
    "record_file_change",
    "redeem_approval",
    "reject_handoff",
    "release_execution",
    "remove_checklist_item",
    "remove_dependency",
    "reopen_task",
    "report",
    "request_approval",
    "resolve_blocker",
    "respond_to_approval",
    "respond_to_approvals",
    "restore_task",
    "revoke_standing_rule",
    "set_contract",
    "settle_commit",
    "settle_expired_holds",
    "submit_handoff",
    "submit_signoff",
    "take_lease",
    "tick_checklist_item",
    "update_task",
    "use_as_evidence",
]
