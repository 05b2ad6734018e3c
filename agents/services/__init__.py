"""Every write about agents."""

from agents.services.budgets import create_budget, update_budget
from agents.services.keys import register_key, revoke_key, rotate_key
from agents.services.providers import (
    PriceInput,
    add_price_table,
    close_quota_pool,
    create_quota_pool,
    open_quota_pool,
    update_quota_pool,
)
from agents.services.registry import (
    delete_agent,
    deprecate_agent,
    issue_agent_token,
    register_agent,
    resume_agent,
    suspend_agent,
    update_agent,
    working_agent,
)
from agents.services.stops import release_stop, trigger_stop

__all__ = [
    "PriceInput",
    "add_price_table",
    "close_quota_pool",
    "create_budget",
    "create_quota_pool",
    "delete_agent",
    "deprecate_agent",
    "issue_agent_token",
    "open_quota_pool",
    "register_agent",
    "register_key",
    "release_stop",
    "resume_agent",
    "revoke_key",
    "rotate_key",
    "suspend_agent",
    "trigger_stop",
    "update_agent",
    "update_budget",
    "update_quota_pool",
    "working_agent",
]
