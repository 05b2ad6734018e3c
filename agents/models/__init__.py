"""Agents: who they are, what they do, what they may use up and what stops them."""

from agents.models.agent import Agent, AgentType, Runtime, validate_capabilities
from agents.models.budget import Budget, BudgetHold, BudgetPeriod, BudgetScope, BudgetUnit
from agents.models.cost import CostEntry, CostKind
from agents.models.key import AgentKey
from agents.models.providers import ModelProvider, Price, PriceTable, QuotaKind, QuotaPool
from agents.models.status import AgentState, AgentStatus, AgentStatusHistory
from agents.models.stop import EmergencyStop, StopScope, StopTrigger

__all__ = [
    "Agent",
    "AgentKey",
    "AgentState",
    "AgentStatus",
    "AgentStatusHistory",
    "AgentType",
    "Budget",
    "BudgetHold",
    "BudgetPeriod",
    "BudgetScope",
    "BudgetUnit",
    "CostEntry",
    "CostKind",
    "EmergencyStop",
    "ModelProvider",
    "Price",
    "PriceTable",
    "QuotaKind",
    "QuotaPool",
    "Runtime",
    "StopScope",
    "StopTrigger",
    "validate_capabilities",
]
