"""Every write about tenants, people and credentials."""

from accounts.services.people import (
    create_admin_if_missing,
    create_tenant,
    create_user,
    deactivate_user,
    delete_user,
    set_password,
    update_user,
)
from accounts.services.sign_in import end_session, sign_in
from accounts.services.tokens import IssuedToken, authenticate_token, create_token, revoke_token

__all__ = [
    "IssuedToken",
    "authenticate_token",
    "create_admin_if_missing",
    "create_tenant",
    "create_token",
    "create_user",
    "deactivate_user",
    "delete_user",
    "end_session",
    "revoke_token",
    "set_password",
    "sign_in",
    "update_user",
]
