"""Every write about work."""

from tasks.services.approvals import (
    expire_approvals,
    redeem_approval,
    request_approval,
    respond_to_approval,
)
from tasks.services.assignments import assign, end_assignment
from tasks.services.bulk import bulk_assign, bulk_close, bulk_create, bulk_update
from tasks.services.claims import Claimed, claim_tasks, reap_expired_leases
from tasks.services.context import context_for
from tasks.services.contracts import CriterionInput, set_contract
from tasks.services.dependencies import add_dependency, remove_dependency
from tasks.services.editing import create_task, update_task
from tasks.services.imports import ImportResult, import_issues
from tasks.services.leases import direct_execution, fail_execution, heartbeat, lease_token, release_execution
from tasks.services.lifecycle import cancel_task, close_task, delete_task, reopen_task, restore_task
from tasks.services.neglected import mark_silent_agents, settle_expired_holds
from tasks.services.outcomes import ContractNotMet, complete_execution, hand_in_evidence, submit_signoff
from tasks.services.run_log import append_log
from tasks.services.stopping import cancel_execution, take_lease

__all__ = [
    "Claimed",
    "ContractNotMet",
    "CriterionInput",
    "ImportResult",
    "add_dependency",
    "append_log",
    "assign",
    "bulk_assign",
    "bulk_close",
    "bulk_create",
    "bulk_update",
    "cancel_execution",
    "cancel_task",
    "claim_tasks",
    "close_task",
    "complete_execution",
    "context_for",
    "create_task",
    "delete_task",
    "direct_execution",
    "end_assignment",
    "expire_approvals",
    "fail_execution",
    "hand_in_evidence",
    "heartbeat",
    "import_issues",
    "lease_token",
    "mark_silent_agents",
    "reap_expired_leases",
    "redeem_approval",
    "release_execution",
    "remove_dependency",
    "reopen_task",
    "request_approval",
    "respond_to_approval",
    "restore_task",
    "set_contract",
    "settle_expired_holds",
    "submit_signoff",
    "take_lease",
    "update_task",
]
