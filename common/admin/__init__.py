"""Bases for the admin: it reads and finds; what it writes goes through services, and the log says so, with the reason.

A change list of the own tenant, rows by right, pages by key (`TenantAdmin`); nothing to write (`ReadOnlyAdmin`); a form
whose save is a service call (`ServiceAdmin`); actions that ask for a reason (`with_reason`); typed filters and panels
instead of lists and inlines without an end.
"""

from common.admin.actions import ask_for_reason, perform_each, with_reason
from common.admin.base import ReadOnlyAdmin, TenantAdmin
from common.admin.filters import MadeFilter, TypedFilter, reference_filter
from common.admin.forms import ServiceAdmin, ServiceForm
from common.admin.panels import Panel

__all__ = [
    "MadeFilter",
    "Panel",
    "ReadOnlyAdmin",
    "ServiceAdmin",
    "ServiceForm",
    "TenantAdmin",
    "TypedFilter",
    "ask_for_reason",
    "perform_each",
    "reference_filter",
    "with_reason",
]
