"""A production installation: Django's own and our checks are silent, and every answer carries its headers."""

import runpy
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from pytest_django import Settings

from tests.test_configuration import ROOT

PRODUCTION = {
    "SECRET_KEY": "f3Jk0-2pTqX_9vLrB7mWsZ1cYhN8dGaE5uKiO4xQ6tRj7Vb3Nc8",
    "PUBLIC_URL": "https://countermark.example",
    "ALLOWED_HOSTS": "countermark.example",
    "CONTEXT_KEY": "1a" * 32,
    "LEASE_KEY": "2b" * 32,
    "FIELD_KEYS": "3c" * 32,
    "BEHIND_PROXY": "true",
}
NOT_OURS = ("DATABASES", "CACHES", "CHANNEL_LAYERS", "LOGGING", "STORAGES", "MEDIA_ROOT", "PASSWORD_HASHERS")


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings as they are in production, on the servers of the suite."""
    for name in ("DEBUG", "DEVELOPMENT", "EMBEDDED", "WEBHOOK_ALLOW_LOOPBACK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    for name, value in runpy.run_path(str(ROOT / "config" / "settings.py")).items():
        if name.isupper() and name not in NOT_OURS and getattr(settings, name, None) != value:
            setattr(settings, name, value)
    return settings


def deploy_check() -> str:
    out = StringIO()
    call_command("check", deploy=True, fail_level="WARNING", stdout=out, stderr=out)
    return out.getvalue()


def test_check_deploy_is_clean(production: Settings) -> None:
    assert "no issues" in deploy_check()


BAD: list[tuple[str, Any, str]] = [
    ("FIELD_KEYS", [b"x" * 31], "W001"),
    ("FIELD_KEYS", [b"x" * 33], "W001"),
    ("LEASE_KEYS", [b"y" * 32, b"short"], "W001"),
    ("LEASE_KEYS", [bytes.fromhex("1a" * 32)], "W002"),
    ("PUBLIC_URL", "http://countermark.example", "W003"),
    ("DEVELOPMENT", True, "W004"),
    ("DEBUG", True, "W018"),
    ("SECURE_HSTS_SECONDS", 0, "W004"),
    ("SESSION_COOKIE_SECURE", False, "W011"),
]


@pytest.mark.parametrize(("name", "value", "warning"), BAD)
def test_what_weakens_it_is_told(production: Settings, name: str, value: Any, warning: str) -> None:
    setattr(production, name, value)
    with pytest.raises(SystemCheckError, match=warning):
        deploy_check()


HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/sign-in/", "/nowhere/", "/api/v1/me/", "/static/css/app.css"])
def test_every_answer_carries_the_security_headers(db: None, production: Settings, path: str) -> None:
    answer = Client(headers={"host": "countermark.example", "x-forwarded-proto": "https"}).get(path)
    assert answer.status_code < 500
    assert {name: answer.get(name) for name in HEADERS} == HEADERS
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "Server" not in answer


def test_plain_http_is_sent_to_tls(production: Settings) -> None:
    answer = Client(headers={"host": "countermark.example"}).get("/sign-in/")
    assert (answer.status_code, answer["Location"]) == (301, "https://countermark.example/sign-in/")


def test_cookies_are_bound_to_the_host_over_tls(production: Settings) -> None:
    assert production.SESSION_COOKIE_NAME == "__Host-session"
    assert production.CSRF_COOKIE_NAME == "__Host-csrf"
    assert production.SESSION_COOKIE_SECURE
    assert production.CSRF_COOKIE_SECURE
    assert production.SESSION_COOKIE_HTTPONLY
