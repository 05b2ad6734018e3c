"""Tenants and people."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction

from accounts import events
from accounts.models import ApiToken, Role, Session, Tenant, User
from audit.services import Subject, changes_of, record
from common.context import SYSTEM
from common.errors import Conflict, Invalid
from common.ids import uuid7
from common.tenancy import require_tenant_id, system_call, tenant_context

CHANGEABLE = frozenset({"display_name", "role", "is_staff", "username"})


def subject_of(user: User) -> Subject:
    return Subject(type="user", id=user.id, label=str(user))


def create_tenant(*, name: str, slug: str, display_name: str = "", allow_self_approval: bool = False) -> Tenant:
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
            )
            record(events.TENANT_CREATED, Subject(type="tenant", id=tenant.id, label=name))
    except IntegrityError as error:
        raise Conflict(f"The slug {slug} is taken; choose another one.", code="slug_taken") from error
    return tenant


@transaction.atomic
def create_user(
    *,
    email: str,
    display_name: str,
    password: str | None,
    role: str = Role.USER,
    is_staff: bool = False,
    username: str = "",
) -> User:
    """Create a person of the running tenant. `password=None` makes an account that cannot sign in with one.

    Raises `Invalid` for a weak password or a service account with one, `Conflict` for an e-mail in use.
    """
    email = email.strip().lower()
    user = User(
        email=email,
        username=username or email.split("@", maxsplit=1)[0],
        display_name=display_name,
        role=role,
        is_staff=is_staff,
    )
    if role == Role.SERVICE and password:
        raise Invalid("A service account has no password.", errors={"password": ["Leave it out."]})
    if password:
        check_password_strength(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("This e-mail or user name cannot be used.", code="identity_taken") from error
    record(events.USER_CREATED, subject_of(user), concerns=[user.id], role=str(role))
    return user


def check_password_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("The password is too weak.", errors={"password": list(error.messages)}) from error


@transaction.atomic
def update_user(*, user: User, reason: str = "", **changes: Any) -> User:
    """Change a person's name, role or staff flag; only what differs is written.

    Who becomes a service account loses the password, and with it the sessions. Raises `Conflict` for a name in use.
    """
    changed = {name: value for name, value in changes.items() if name in CHANGEABLE and getattr(user, name) != value}
    if changed:
        changes = changes_of(user, changed)
        no_password = {"password": make_password(None)} if changed.get("role") == Role.SERVICE else {}
        try:
            with transaction.atomic():
                User.objects.filter(id=user.id).update(**changed, **no_password)
        except IntegrityError as error:
            raise Conflict("This user name cannot be used.", code="identity_taken") from error
        user.refresh_from_db()
        record(
            events.USER_UPDATED,
            subject_of(user),
            reason=reason,
            concerns=[user.id],
            changes=changes,
            changed=sorted(changed),
        )
    return user


@transaction.atomic
def set_password(*, user: User, password: str, reason: str = "") -> User:
    """Give a person a new password; every session of theirs ends (a trigger deletes them). Raises `Invalid`."""
    if user.role == Role.SERVICE:
        raise Invalid("A service account has no password.", errors={"password": ["Leave it out."]})
    check_password_strength(password, user)
    user.set_password(password)
    User.objects.filter(id=user.id).update(password=user.password)
    record(events.USER_UPDATED, subject_of(user), reason=reason, concerns=[user.id], changed=["password"])
    return user


@transaction.atomic
def deactivate_user(*, user: User, reason: str) -> User:
    """Close an account: its sessions end at once (a trigger deletes them) and its tokens stop working."""
    if User.objects.filter(id=user.id, is_active=True).update(is_active=False):
        record(events.USER_DEACTIVATED, subject_of(user), reason=reason, concerns=[user.id])
    user.refresh_from_db()
    return user


@transaction.atomic
def delete_user(*, user: User, reason: str) -> None:
    """Remove a person who left no work behind. The log keeps the name; it points at nobody.

    Raises `Conflict` where work still refers to the person: deactivate instead.
    """
    record(events.USER_DELETED, subject_of(user), reason=reason)
    Session.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user).delete()
    try:
        with transaction.atomic():
            rows = User.objects.filter(id=user.id)
            # Not .delete(): its collector would ask Django's admin history, a table we do not have. The database's own
            # foreign keys decide, now instead of at commit.
            rows._raw_delete(rows.db)
            with connections[rows.db].cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        raise Conflict("Work still refers to this person; deactivate the account instead.", code="in_use") from error


def create_admin_if_missing(*, email: str, password: str, tenant_name: str = "Countermark") -> User | None:
    """Create the first tenant with its administrator; None where a tenant exists already."""
    if system_call("list_tenants"):
        return None
    tenant = create_tenant(name=tenant_name, slug=tenant_name.lower())
    with tenant_context(tenant.id, actor=SYSTEM):
        return create_user(email=email, display_name="Administrator", password=password, role=Role.ADMIN, is_staff=True)


def tenant_of_login(email: str) -> UUID | None:
    """Return the tenant of the person with this e-mail, or None."""
    rows = system_call("find_login", email.strip().lower())
    return rows[0]["tenant_id"] if rows else None


def running_tenant() -> Tenant:
    tenant: Tenant = Tenant.objects.get(id=require_tenant_id())
    return tenant
