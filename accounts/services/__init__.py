"""Every write about tenants, people and credentials."""

from accounts.services.factors import (
    accept_code,
    begin_totp,
    confirm_totp,
    make_recovery_codes,
    remove_totp,
)
from accounts.services.federation import connect_identity, disconnect_identity, sign_in_with_identity
from accounts.services.identities import connect_github, disconnect_github
from accounts.services.letters import send_notifications
from accounts.services.links import issue_link, send_invitation, send_reset, use_link
from accounts.services.notifications import mark_all_read, mark_read, notify
from accounts.services.passkeys import (
    add_passkey,
    begin_passkey,
    begin_passkey_sign_in,
    confirm_with_passkey,
    remove_passkey,
    sign_in_with_passkey,
)
from accounts.services.people import (
    create_admin_if_missing,
    create_tenant,
    create_user,
    deactivate_user,
    delete_user,
    invite_again,
    invite_user,
    reactivate_user,
    set_password,
    update_user,
)
from accounts.services.preferences import update_preferences
from accounts.services.sessions import revoke_all_sessions, revoke_sessions
from accounts.services.sign_in import begin_session, change_password, confirm, end_session, finish_sign_in, sign_in
from accounts.services.tokens import IssuedToken, authenticate_token, create_token, revoke_token, rotate_token

__all__ = [
    "IssuedToken",
    "accept_code",
    "add_passkey",
    "authenticate_token",
    "begin_passkey",
    "begin_passkey_sign_in",
    "begin_session",
    "begin_totp",
    "change_password",
    "confirm",
    "confirm_totp",
    "confirm_with_passkey",
    "connect_github",
    "connect_identity",
    "create_admin_if_missing",
    "create_tenant",
    "create_token",
    "create_user",
    "deactivate_user",
    "delete_user",
    "disconnect_github",
    "disconnect_identity",
    "end_session",
    "finish_sign_in",
    "invite_again",
    "invite_user",
    "issue_link",
    "make_recovery_codes",
    "mark_all_read",
    "mark_read",
    "notify",
    "reactivate_user",
    "remove_passkey",
    "remove_totp",
    "revoke_all_sessions",
    "revoke_sessions",
    "revoke_token",
    "rotate_token",
    "send_invitation",
    "send_notifications",
    "send_reset",
    "set_password",
    "sign_in",
    "sign_in_with_identity",
    "sign_in_with_passkey",
    "update_preferences",
    "update_user",
    "use_link",
]
