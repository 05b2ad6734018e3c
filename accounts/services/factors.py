"""The second factor: codes of an authenticator app (RFC 6238) and recovery codes. None of them works twice."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction
from django.utils import timezone

from accounts import events
from accounts.models import RecoveryCode, TotpDevice, User
from accounts.services.people import subject_of
from audit.services import record
from common.errors import Conflict, Invalid
from common.redis import Limit, get_rate_limiter

# What authenticator apps understand: SHA-1 (as an HMAC it is sound), six digits, 30 seconds.
DIGITS, SECONDS = 6, 30
DRIFT = (0, -1, 1)
"""steps of a clock that goes wrong"""
RECOVERY_CODES = 10
CODES_PER_ACCOUNT = Limit("second-factor", requests=5, seconds=300)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app must learn, as text and as the address that a QR code carries."""

    secret: str
    uri: str


def totp(secret: str) -> TOTP:
    # 160 bits, as RFC 4226 §4 asks for
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS, enforce_key_length=True)  # noqa: S303  # nosec B303


def code_at(secret: str, moment: datetime) -> str:
    """Return the code that an app with this secret shows at a moment."""
    return totp(secret).generate(int(moment.timestamp())).decode()


def enrolment_of(user: User, device: TotpDevice) -> Enrolment:
    words = {"secret": device.secret, "issuer": "Countermark", "digits": DIGITS, "period": SECONDS}
    return Enrolment(device.secret, f"otpauth://totp/{quote(f'Countermark:{user.email}')}?{urlencode(words)}")


@transaction.atomic
def begin_totp(*, user: User) -> Enrolment:
    """Return what an app must learn. Nothing counts before `confirm_totp`; asked again, the same is told again.

    Raises `Conflict` for a person who has an app.
    """
    device, _ = TotpDevice.objects.select_for_update().get_or_create(
        user=user, defaults={"secret": base64.b32encode(secrets.token_bytes(20)).decode()}
    )
    if device.confirmed_at:
        raise Conflict("You have an authenticator app. Remove it first.", code="totp_exists")
    return enrolment_of(user, device)


@transaction.atomic
def confirm_totp(*, user: User, code: str) -> list[str]:
    """Turn the app on with a code that it shows, and return the recovery codes: the only moment they exist.

    Raises `Invalid` for a wrong code, `Conflict` where there is nothing to confirm.
    """
    device = TotpDevice.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if device is None:
        raise Conflict("There is no app to confirm. Begin again.", code="no_totp")
    throttle_codes(user)
    if not accept(device, code):
        raise Invalid("Wrong code.", errors={"code": ["This is not what the app shows now."]})
    TotpDevice.objects.filter(id=device.id).update(confirmed_at=timezone.now())
    record(events.SECOND_FACTOR_ADDED, subject_of(user), concerns=[user.id], kind="totp")
    return make_recovery_codes(user=user)


@transaction.atomic
def remove_totp(*, user: User, reason: str = "") -> None:
    """Forget a person's app and recovery codes. Without one nothing changes."""
    if TotpDevice.objects.confirmed().filter(user=user).exists():
        record(events.SECOND_FACTOR_REMOVED, subject_of(user), reason=reason, concerns=[user.id], kind="totp")
    TotpDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


@transaction.atomic
def make_recovery_codes(*, user: User) -> list[str]:
    """Return ten new recovery codes; those from before end. Raises `Conflict` without a second factor."""
    if not has_second_factor(user):
        raise Conflict("Recovery codes stand for an authenticator app; add one first.", code="no_totp")
    RecoveryCode.objects.filter(user=user).delete()
    codes = [spelled(secrets.token_bytes(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=recovery_digest(code)) for code in codes])
    record(events.RECOVERY_CODES_MADE, subject_of(user), concerns=[user.id], count=len(codes))
    return codes


def spelled(entropy: bytes) -> str:
    """Return 80 bits as four groups of four small letters and digits."""
    text = base64.b32encode(entropy).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def recovery_digest(code: str) -> bytes:
    """Return what is stored of a code; at 80 random bits a plain digest is enough. How it is typed does not matter."""
    return hashlib.sha256("".join(code.lower().replace("-", " ").split()).encode("utf-8", "surrogatepass")).digest()


def has_second_factor(user: User) -> bool:
    return TotpDevice.objects.confirmed().filter(user=user).exists()


def throttle_codes(user: User) -> None:
    """Count a guess at a person's code; raises `TooManyRequests`."""
    get_rate_limiter(CODES_PER_ACCOUNT).is_allowed(str(user.id)).require()


def accept(device: TotpDevice, code: str) -> bool:
    """Whether this is a code of the device, of a moment later than any it accepted before. The row must be locked."""
    typed = "".join(code.split()).encode("utf-8", "surrogatepass")
    current = int(timezone.now().timestamp()) // SECONDS
    app = totp(device.secret)
    for step in (current + drift for drift in DRIFT):
        if step > device.last_step and secrets.compare_digest(app.generate(step * SECONDS), typed):
            TotpDevice.objects.filter(id=device.id).update(last_step=step)
            return True
    return False


@transaction.atomic
def accept_code(*, user: User, code: str) -> str:
    """Use a code of the app or a recovery code; return which it was, "" where it is neither.

    Raises `TooManyRequests`.
    """
    throttle_codes(user)
    device = TotpDevice.objects.confirmed().filter(user=user).select_for_update().first()
    if device is None:
        return ""
    if accept(device, code):
        return "totp"
    unused = RecoveryCode.objects.unused().filter(user=user)
    if not unused.filter(digest=recovery_digest(code)).update(used_at=timezone.now()):
        return ""
    record(events.RECOVERY_CODE_USED, subject_of(user), concerns=[user.id], left=unused.count())
    return "recovery_code"
