"""Tenants and people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts import events, jobs
from accounts.models import (
    AccountLink,
    ApiToken,
    Identity,
    Notification,
    Passkey,
    RecoveryCode,
    Role,
    Tenant,
    TotpDevice,
    User,
    UserPreference,
)
from accounts.services.tokens import revoke_token
from audit.services import Subject, changes_of, record
from common.context import SYSTEM
from common.duplicates import refusing_duplicates
from common.errors import Conflict, Invalid
from common.ids import uuid7
from common.queue import enqueue
from common.tenancy import require_tenant_id, system_call, tenant_context

RIGHTS = frozenset({"role", "is_staff", "staff_roles"})
CHANGEABLE = frozenset({"display_name", "username"}) | RIGHTS


def subject_of(user: User) -> Subject:
    return Subject(type="user", id=user.id, label=str(user))


def create_tenant(
    *, name: str, slug: str, display_name: str = "", allow_self_approval: bool = False, is_trial: bool = True
) -> Tenant:
    """Create an organisation, in a context of its own. Raises `Conflict` where the slug is taken."""
    identifier = uuid7()
    try:
        with tenant_context(identifier, actor=SYSTEM), transaction.atomic():
            tenant: Tenant = Tenant.objects.create(
                id=identifier,
                name=name,
                slug=slug,
                display_name=display_name or name,
                allow_self_approval=allow_self_approval,
                is_trial=is_trial,
            )
            record(events.TENANT_CREATED, Subject(type="tenant", id=tenant.id, label=name))
    except IntegrityError as error:
        raise Conflict(f"The slug {slug} is taken; choose another one.", code="slug_taken") from error
    return tenant


@transaction.atomic
def invite_user(*, email: str, display_name: str, role: str = Role.USER) -> User:
    """Make an account without a password and send its person the link that opens it.

    Raises `Invalid` for a service account, `Conflict` for an e-mail in use.
    """
    if role == Role.SERVICE:
        raise Invalid("A service account is not invited; make it with a token.", errors={"role": ["Choose another."]})
    return invite_again(user=create_user(email=email, display_name=display_name, password=None, role=role))


@transaction.atomic
def invite_again(*, user: User) -> User:
    """Send a person who has no password yet a link, after the commit; a link from before ends. Raises `Conflict`."""
    if not user.is_active or user.role == Role.SERVICE or user.has_usable_password():
        raise Conflict("This account is not waiting for its person.", code="not_invited")
    record(events.USER_INVITED, subject_of(user), concerns=[user.id])
    enqueue(jobs.send_invitation, str(user.tenant_id), str(user.id))
    return user


@transaction.atomic
def create_user(
    *,
    email: str,
    display_name: str,
    password: str | None,
    role: str = Role.USER,
    is_staff: bool = False,
    staff_roles: Sequence[str] = (),
    username: str = "",
    github_username: str = "",
    metadata: dict[str, Any] | None = None,
    must_change_password: bool = False,
) -> User:
    """Create a person of the running tenant. `password=None` makes an account that cannot sign in with one; one that
    others have seen must be changed before the first session.

    Raises `Invalid` for a weak password or a service account with one, `Conflict` for an e-mail in use.
    """
    email = email.strip().lower()
    user = User(
        email=email,
        username=username or email.split("@", maxsplit=1)[0],
        display_name=display_name,
        role=role,
        is_staff=is_staff,
        staff_roles=list(staff_roles),
        github_username=github_username,
        metadata=metadata or {},
        must_change_password=must_change_password,
    )
    if role == Role.SERVICE and password:
        raise Invalid("A service account has no password.", errors={"password": ["Leave it out."]})
    if password:
        check_password_strength(password, user)
    user.set_password(password)
    with refusing_duplicates("This e-mail or user name cannot be used.", code="identity_taken"):
        user.save(force_insert=True)
    record(events.USER_CREATED, subject_of(user), concerns=[user.id], role=str(role))
    return user


def check_password_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("The password is too weak.", errors={"password": list(error.messages)}) from error


@transaction.atomic
def update_user(*, user: User, reason: str = "", **changes: Any) -> User:
    """Change a person's names or rights; only what differs is written.

    Who becomes a service account loses the password, with it the sessions, and every other way in. Raises `Conflict`
    for a name in use and for the last administrator's role.
    """
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(user, name) != value}
    if changed:
        if "role" in changed:
            leave_an_administrator(user)
        changes = changes_of(user, changed)
        no_password = {"password": make_password(None)} if changed.get("role") == Role.SERVICE else {}
        with refusing_duplicates("This user name cannot be used.", code="identity_taken"):
            User.objects.filter(id=user.id).update(**changed, **no_password)
        if no_password:
            forget_ways_in(user)
        user.refresh_from_db()
        record(
            events.USER_RIGHTS_CHANGED if RIGHTS & set(changed) else events.USER_UPDATED,
            subject_of(user),
            reason=reason,
            concerns=[user.id],
            changes=changes,
            changed=sorted(changed),
        )
    return user


@transaction.atomic
def set_password(*, user: User, password: str, reason: str = "", must_change: bool = False) -> User:
    """Give a person a new password; every session of theirs ends (a trigger deletes them), and every open link.

    With `must_change` somebody else knows it: the person chooses their own at the next sign-in. Raises `Invalid`.
    """
    if user.role == Role.SERVICE:
        raise Invalid("A service account has no password.", errors={"password": ["Leave it out."]})
    check_password_strength(password, user)
    user.set_password(password)
    User.objects.filter(id=user.id).update(
        password=user.password, password_changed_at=Now(), must_change_password=must_change
    )
    AccountLink.objects.filter(user=user, ended_at=None).update(ended_at=Now())
    user.refresh_from_db()
    record(events.PASSWORD_CHANGED, subject_of(user), reason=reason, concerns=[user.id])
    return user


def leave_an_administrator(user: User) -> None:
    """Raise `Conflict` where a tenant would be left without anybody who may administer it.

    The rows of all administrators are locked: two of them who demote each other at the same time wait for each other.
    """
    active = User.objects.active().filter(role=Role.ADMIN).select_for_update().order_by("id")
    if set(active.values_list("id", flat=True)) == {user.id}:
        raise Conflict("This is the last active administrator; appoint another one first.", code="last_administrator")


@transaction.atomic
def deactivate_user(*, user: User, reason: str) -> User:
    """Close an account: its sessions end at once (a trigger deletes them), its links too, and its tokens stop working.

    Raises `Conflict` for the last administrator.
    """
    leave_an_administrator(user)
    if User.objects.filter(id=user.id, is_active=True).update(is_active=False):
        AccountLink.objects.filter(user=user, ended_at=None).update(ended_at=Now())
        record(events.USER_DEACTIVATED, subject_of(user), reason=reason, concerns=[user.id])
    user.refresh_from_db()
    return user


@transaction.atomic
def reactivate_user(*, user: User, reason: str) -> User:
    """Open a closed account again. Sessions stay ended; tokens that nobody revoked work again."""
    if User.objects.filter(id=user.id, is_active=False).update(is_active=True):
        record(events.USER_REACTIVATED, subject_of(user), reason=reason, concerns=[user.id])
    user.refresh_from_db()
    return user


@transaction.atomic
def delete_user(*, user: User, reason: str) -> User:
    """Take an account out of use for good. The row stays, so that work and the log still say who it was.

    Sessions and tokens end, preferences, notifications, ways in and the GitHub account are gone, the e-mail address is
    never used again. Raises `Conflict` for the last administrator.
    """
    leave_an_administrator(user)
    gone = {"is_active": False, "is_staff": False, "staff_roles": [], "deleted_at": Now(), "github_user_id": None}
    forgotten = {"github_access_token": None, "github_token_expires_at": None, "password": make_password(None)}
    if User.objects.filter(id=user.id).update(**gone, **forgotten):
        for token in ApiToken.objects.usable().filter(user=user):
            revoke_token(token=token, reason=reason)
        forget_ways_in(user)
        for personal in (UserPreference, Notification):
            personal.objects.filter(user=user).delete()
        record(events.USER_DELETED, subject_of(user), reason=reason, concerns=[user.id])
    user.refresh_from_db()
    return user


def forget_ways_in(user: User) -> None:
    """Delete what a person signs in with besides the password."""
    for way in (AccountLink, TotpDevice, RecoveryCode, Passkey, Identity):
        way.objects.filter(user=user).delete()


def create_admin_if_missing(*, email: str, password: str, tenant_name: str = "Countermark") -> User | None:
    """Create the first tenant with its administrator; None where a tenant exists already.

    The password was printed somewhere, so the first sign-in asks for another one.
    """
    if system_call("list_tenants"):
        return None
    tenant = create_tenant(name=tenant_name, slug=tenant_name.lower(), is_trial=False)
    with tenant_context(tenant.id, actor=SYSTEM):
        return create_user(
            email=email,
            display_name="Administrator",
            password=password,
            role=Role.ADMIN,
            is_staff=True,
            must_change_password=True,
        )


def tenant_of_login(email: str) -> UUID | None:
    """Return the tenant of the person with this e-mail, or None."""
    rows = system_call("find_login", email.strip().lower())
    return rows[0]["tenant_id"] if rows else None


def running_tenant() -> Tenant:
    tenant: Tenant = Tenant.objects.get(id=require_tenant_id())
    return tenant
