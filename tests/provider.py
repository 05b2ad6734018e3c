"""An OIDC provider and a GitHub on this machine: real HTTP, real signatures, and every way to be wrong."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT = ("countermark", "a client's secret")
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class LocalProvider:
    """What it says next: tests change `claims`, `key`, `algorithm` and `person`."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    key: Any = KEY
    algorithm: str = "RS256"
    published: Any = KEY
    person: dict[str, Any] = field(default_factory=lambda: {"id": 4711, "login": "octocat"})
    instead: dict[str, Any] = field(default_factory=dict)
    """what it says in place of its discovery, keys, token or person"""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """by code: what the browser came with"""

    def settings(self) -> dict[str, str]:
        client, secret = CLIENT
        oidc = {"OIDC_ISSUER": self.url, "OIDC_CLIENT_ID": client, "OIDC_CLIENT_SECRET": secret, "OIDC_NAME": "Acme"}
        github = {"GITHUB_CLIENT_ID": client, "GITHUB_CLIENT_SECRET": secret}
        return {**oidc, **github, "GITHUB_URL": self.url, "GITHUB_API_URL": self.url}

    def discovery(self) -> dict[str, str]:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in ends.items()}}

    def keys(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [key | {"kid": "1", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Say yes, and return where the browser goes back to."""
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeemed(self, form: dict[str, str]) -> dict[str, str] | None:
        """Return what a code was asked for, once, to the client that knows the secret and the verifier."""
        asked = self.asked.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = (form.get("client_id"), form.get("client_secret")) == CLIENT
        return asked if asked and known and asked["code_challenge"] == challenge else None

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        usual = {"iss": self.url, "sub": "ada-1", "aud": CLIENT[0], "exp": now + 300, "iat": now}
        claims = {**usual, "nonce": asked["nonce"], **self.claims}
        kept = {name: value for name, value in claims.items() if name not in self.without}
        key = self.key
        if self.algorithm == "HS256":  # the classic confusion: the public key as a shared secret
            pem: bytes = self.published.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return unsafe_hs256(kept, pem)
        return jwt.encode(kept, key, algorithm=self.algorithm, headers={"kid": "1"})


def unsafe_hs256(claims: dict[str, Any], secret: bytes) -> str:
    """Sign with HMAC as an attacker would, whom no library stops."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = f"{part({'alg': 'HS256', 'kid': '1', 'typ': 'JWT'})}.{part(claims)}"
    mac = hmac.new(secret, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


class Handler(BaseHTTPRequestHandler):
    provider: LocalProvider

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        if target.path.endswith("authorize"):
            self.answer({}, 302, Location=self.provider.authorize(query))
        elif target.path == "/user":
            known = self.headers.get("Authorization") == "Bearer gho_secret"
            self.answer(self.provider.instead.get("person", self.provider.person), 200 if known else 401)
        elif target.path == "/keys":
            self.answer(self.provider.instead.get("keys", self.provider.keys()))
        else:
            self.answer(self.provider.instead.get("discovery", self.provider.discovery()))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = self.provider.redeemed({name: values[0] for name, values in parse_qs(raw).items()})
        if asked is None:
            self.answer({"error": "invalid_grant"}, 400)
        elif self.path == "/token":
            usual = {"id_token": self.provider.id_token(asked), "access_token": "x"}
            self.answer(self.provider.instead.get("token", usual))
        else:
            self.answer({"access_token": "gho_secret"})


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    provider = LocalProvider()
    handler = type("OneHandler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
