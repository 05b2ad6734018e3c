"""Who may hand out credentials and change accounts, and who must prove again who they are."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import ApiToken
from common.context import Principal
from common.errors import Forbidden, StepUpRequired


def check_may_issue(principal: Principal, scopes: Iterable[str], ends_at: datetime | None) -> None:
    """Raise `Forbidden` for an agent, and for a token that would make one with more scopes than its own or a later end
    (None: none); `StepUpRequired` for a browser that was left.
    """
    if principal.is_agent:
        raise Forbidden("An agent cannot make tokens.", code="not_for_agents")
    check_proved(principal)
    more = sorted(set(scopes) - principal.scopes) if principal.via == "token" else []
    if more:
        raise Forbidden(f"This token has not the scopes {', '.join(more)} itself.", code="more_scopes")
    last = end_of(principal)
    if last and (ends_at is None or ends_at > last):
        raise Forbidden(f"This token ends at {last:%Y-%m-%dT%H:%M:%SZ}; make none that ends later.", code="outlives")


def end_of(principal: Principal) -> datetime | None:
    """Return when the caller's token ends; None for one without an end, and for a browser."""
    if principal.via != "token" or principal.credential is None:
        return None
    own = ApiToken.objects.filter(id=principal.credential).first()
    return own.expires_at if own else None


def check_is_person(principal: Principal) -> None:
    """Raise `Forbidden` for an agent: what belongs to its owner as a person is not its business."""
    if principal.is_agent:
        raise Forbidden("Only a person may do this.", code="not_for_agents")


def may_administer(principal: Principal) -> bool:
    """Whether the caller may change other people's accounts."""
    return not principal.is_agent and principal.role == "admin"


def check_may_administer(principal: Principal) -> None:
    """Raise `Forbidden` unless the caller is an administrator (others change no account but their own profile), and
    `StepUpRequired` for one whose browser was left.
    """
    if not may_administer(principal):
        raise Forbidden("Only an administrator may do this.")
    check_proved(principal)


def check_may_rotate(principal: Principal, token: ApiToken) -> None:
    """Raise `Forbidden` unless the token is the caller's own (or an agent's of theirs): a new secret is a new right.

    A token may always rotate itself.
    """
    itself = principal.via == "token" and token.id == principal.credential
    ends_at = end_of(principal) if itself else token.end_when_rotated()
    check_may_issue(principal, token.scopes if token.agent_id is None else (), ends_at)
    if token.user_id != principal.user_id:
        raise Forbidden("Only the owner of a token may rotate it; an administrator may revoke it.")


def proved_recently(principal: Principal) -> bool:
    """Whether the person showed a password or a second factor within `STEP_UP_MINUTES`. A token cannot."""
    return principal.proved_within(timedelta(minutes=settings.STEP_UP_MINUTES))


def check_proved(principal: Principal) -> None:
    """Raise `StepUpRequired` for a browser without a recent proof. A token passes: its scopes were given with one."""
    if principal.has_session and not proved_recently(principal):
        raise StepUpRequired
