"""Every write about work."""

from tasks.services.approvals import (
    expire_approvals,
    redeem_approval,
    request_approval,
    respond_to_approval,
)
from tasks.services.claims import Claimed, claim_tasks, reap_expired_leases
from tasks.services.contracts import CriterionInput, set_contract
from tasks.services.imports import ImportResult, import_issues
from tasks.services.leases import direct_execution, fail_execution, heartbeat, lease_token, release_execution
from tasks.services.outcomes import ContractNotMet, complete_execution, hand_in_evidence, submit_signoff
from tasks.services.run_log import append_log
from tasks.services.work_items import cancel_task, create_task, reopen_task, update_task

__all__ = [
    "Claimed",
    "ContractNotMet",
    "CriterionInput",
    "ImportResult",
    "append_log",
    "cancel_task",
    "claim_tasks",
    "complete_execution",
    "create_task",
    "direct_execution",
    "expire_approvals",
    "fail_execution",
    "hand_in_evidence",
    "heartbeat",
    "import_issues",
    "lease_token",
    "reap_expired_leases",
    "redeem_approval",
    "release_execution",
    "reopen_task",
    "request_approval",
    "respond_to_approval",
    "set_contract",
    "submit_signoff",
    "update_task",
]
