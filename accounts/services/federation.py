"""Signing in through a provider. It counts only for people who connected their account there, or, where the operator
trusts the provider's word about addresses (`OIDC_LINKS_BY_EMAIL`), for who has the address here.
"""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import events
from accounts.models import Identity, User
from accounts.services.identities import connect_github
from accounts.services.people import subject_of, tenant_of_login
from accounts.services.providers import Profile
from accounts.services.sign_in import SignIn, go_on
from audit.services import record
from common.context import SYSTEM
from common.errors import Conflict, DomainError
from common.http import subscriber_of
from common.redis import Limit, get_rate_limiter
from common.tenancy import system_call, tenant_context

ATTEMPTS_PER_ADDRESS = Limit("provider-address", requests=30, seconds=300)


class NotConnected(DomainError):
    """Nobody here, or more than one, has that account."""

    code = "not_connected"
    status = 401
    title = "No account here is connected with it. Sign in with your password, then connect it in the settings"


def throttle_attempts(request: HttpRequest) -> None:
    """Count a start, because each asks the provider something; raises `TooManyRequests`."""
    get_rate_limiter(ATTEMPTS_PER_ADDRESS).is_allowed(subscriber_of(request)).require()


@transaction.atomic
def connect_identity(*, user: User, profile: Profile) -> User:
    """Tie a person to their account at a provider; one from before is replaced. `Conflict` where another has it."""
    if profile.provider == "github":
        return connect_github(
            user=user,
            github_user_id=int(profile.subject),
            username=profile.label,
            access_token=profile.access_token,
        )
    values = {"subject": profile.subject, "label": profile.label[:255]}
    try:
        with transaction.atomic():
            Identity.objects.update_or_create(user=user, provider=profile.provider, defaults=values)
    except IntegrityError as error:
        raise Conflict("This account belongs to somebody else here.", code="identity_taken") from error
    record(events.IDENTITY_CONNECTED, subject_of(user), concerns=[user.id], provider=profile.provider)
    return user


@transaction.atomic
def disconnect_identity(*, user: User, provider: str, reason: str = "") -> None:
    """Forget a person's account at a provider. Without one nothing changes."""
    if Identity.objects.filter(user=user, provider=provider).delete()[0]:
        record(events.IDENTITY_DISCONNECTED, subject_of(user), reason=reason, concerns=[user.id], provider=provider)


def sign_in_with_identity(*, request: HttpRequest, profile: Profile) -> SignIn:
    """Start a session for the person of an account at a provider, unless another step comes before it.

    Raises `NotConnected`.
    """
    user = person_behind(profile) or person_with_address(profile)
    if user is None:
        raise NotConnected
    return go_on(request, user, profile.provider)


def person_behind(profile: Profile) -> User | None:
    """Return the one active person who connected this account; nobody where several organisations know it."""
    rows = system_call("find_identity", profile.provider, profile.subject)
    if len(rows) != 1:
        return None
    with tenant_context(rows[0]["tenant_id"], actor=SYSTEM):
        user: User | None = User.objects.people().filter(id=rows[0]["user_id"]).first()
        return user


def person_with_address(profile: Profile) -> User | None:
    """Connect and return the person with the address that the provider vouches for, where the operator allows that."""
    if not settings.OIDC_LINKS_BY_EMAIL or profile.provider != "oidc" or not profile.verified_email:
        return None
    tenant_id = tenant_of_login(profile.verified_email)
    if tenant_id is None:
        return None
    with tenant_context(tenant_id, actor=SYSTEM):
        user: User | None = User.objects.people().filter(email=profile.verified_email.lower()).first()
        if user is None or Identity.objects.filter(user=user, provider=profile.provider).exists():
            return None
        with tenant_context(tenant_id, actor=user.actor):
            return connect_identity(user=user, profile=profile)
