"""Who vouches for people besides us: an OIDC provider (OpenID Connect Core 1.0, code flow with PKCE) and GitHub.

What is here talks to them and reads their answers; nothing is written. The addresses are the operator's (settings).
"""

import base64
import hashlib
import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
from django.conf import settings

from common.errors import DomainError

logger = logging.getLogger("countermark.providers")

TIMEOUT_SECONDS = 10
MOST_BYTES = 1024 * 1024
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""asymmetric ones only: with HS256 the client's secret would sign"""
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nonce")
DRIFT_SECONDS = 30


class ProviderRefused(DomainError):
    """The provider, or what it sent, does not vouch for anybody; the log says why, the person is told to try again."""

    code = "provider_refused"
    status = 401
    title = "Signing in there did not work. Try again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties an answer to the browser that asked: it waits in a signed cookie of that browser."""

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    connect: str = ""
    """the person who wants to connect an account; empty: somebody signs in"""

    @property
    def challenge(self) -> str:
        """The S256 challenge of RFC 7636 §4.2."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def new_attempt(provider: str, next_url: str, connect: str = "") -> Attempt:
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(provider, state, nonce, verifier, next_url, connect)


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom a provider vouches for. `subject` never changes there; names and addresses may."""

    provider: str
    subject: str
    label: str
    verified_email: str = ""
    access_token: str = ""


class Provider(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    def address(self, attempt: Attempt, back: str) -> str:
        """Return where the browser goes, to come `back` with a code."""

    def profile(self, attempt: Attempt, code: str, back: str) -> Profile:
        """Return whom the code stands for. Raises `ProviderRefused`."""


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Members(dict[str, Any]):
    """A JSON object of a provider: what it should have and has not is a refusal, not a fault of ours."""

    def __missing__(self, name: str) -> Any:
        logger.warning("provider leaves out what is needed", extra={"member": name})
        raise ProviderRefused


def members_of(document: Any) -> Members:
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    return Members(document)


def call(url: str, *, form: dict[str, str] | None = None, **headers: str) -> Members:
    """Return the JSON object of an answer; a form is posted. Raises `ProviderRefused`."""
    if not url.startswith(("https://", "http://")):
        raise ProviderRefused
    data = urlencode(form).encode() if form is not None else None
    sent = {"Accept": "application/json", "User-Agent": "Countermark", **headers}
    request = Request(url, data=data, headers=sent)  # noqa: S310  # checked above
    try:
        with build_opener(NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return members_of(json.loads(answer.read(MOST_BYTES)))
    except HTTPError as error:
        logger.warning("provider answered with an error", extra={"status": error.code})
        raise ProviderRefused from error
    except (OSError, ValueError) as error:
        logger.warning("provider does not answer", extra={"error": type(error).__name__})
        raise ProviderRefused from error


@dataclass(frozen=True, slots=True)
class Oidc:
    """Any provider with a discovery document."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    key: str = "oidc"

    def discovered(self) -> Members:
        found = call(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise ProviderRefused
        return found

    def address(self, attempt: Attempt, back: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.discovered()['authorization_endpoint']}?{urlencode(asked)}"

    def profile(self, attempt: Attempt, code: str, back: str) -> Profile:
        found = self.discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "code_verifier": attempt.verifier,
        }
        answer = call(str(found["token_endpoint"]), form=form)
        claims = self.verified(str(answer.get("id_token", "")), call(str(found["jwks_uri"])), attempt.nonce)
        email = str(claims.get("email", ""))
        verified = email if claims.get("email_verified") is True else ""
        return Profile(self.key, str(claims["sub"]), email or str(claims["sub"]), verified)

    def verified(self, token: str, keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an id_token, checked as §3.1.3.7 says. Raises `ProviderRefused`."""
        try:
            wanted = jwt.get_unverified_header(token).get("kid")
            key = next(key for key in jwt.PyJWKSet.from_dict(keys).keys if wanted in {None, key.key_id})
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=list(ALGORITHMS),
                audience=self.client_id,
                issuer=self.issuer,
                leeway=DRIFT_SECONDS,
                options={"require": list(CLAIMS)},
            )
        except (jwt.PyJWTError, StopIteration, AttributeError, KeyError, TypeError, ValueError) as error:
            logger.warning("id_token refused", extra={"error": type(error).__name__})
            raise ProviderRefused from error
        meant = claims.get("azp", self.client_id) == self.client_id
        if not meant or not secrets.compare_digest(str(claims["nonce"]), nonce):
            logger.warning("id_token refused", extra={"error": "nonce or authorized party"})
            raise ProviderRefused
        return claims


@dataclass(frozen=True, slots=True)
class Github:
    """GitHub has no id_token: the code gives a token, and the token tells whose it is."""

    client_id: str
    client_secret: str
    site: str
    api: str
    key: str = "github"
    name: str = "GitHub"

    def address(self, attempt: Attempt, back: str) -> str:
        asked = {
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "read:user",
            "state": attempt.state,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.site}/login/oauth/authorize?{urlencode(asked)}"

    def profile(self, attempt: Attempt, code: str, back: str) -> Profile:
        form = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        token = str(call(f"{self.site}/login/oauth/access_token", form=form).get("access_token", ""))
        if not token:
            raise ProviderRefused
        person = call(f"{self.api}/user", Authorization=f"Bearer {token}")
        try:
            return Profile(self.key, str(int(person["id"])), str(person["login"]), access_token=token)
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderRefused from error


def providers() -> dict[str, Provider]:
    """Return those that the operator has set up, by their key."""
    found: list[Provider] = []
    if settings.OIDC_ISSUER:
        found.append(
            Oidc(settings.OIDC_NAME, settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
        )
    if settings.GITHUB_CLIENT_ID:
        secret, site = settings.GITHUB_CLIENT_SECRET, settings.GITHUB_URL
        found.append(Github(settings.GITHUB_CLIENT_ID, secret, site, settings.GITHUB_API_URL))
    return {provider.key: provider for provider in found}
