"""Where files live is set by environment names; half a setting is an error that says what is missing."""

import os
from importlib.util import find_spec
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from common.files import configuration
from common.files.configuration import storages
from common.files.storage import DiskStorage

KEYS = {"S3_ACCESS_KEY_ID": "id", "S3_SECRET_ACCESS_KEY": "secret"}


def configured(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> dict[str, Any]:
    for name in [name for name in os.environ if name.startswith("S3_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return storages(environ.Env())["default"]


def test_files_live_on_this_machine_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(monkeypatch, {})["BACKEND"] == "common.files.storage.DiskStorage"
    assert isinstance(default_storage._wrapped, DiskStorage)  # type: ignore[attr-defined]  # the lazy object's inside


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"S3_REGION": "eu-central-1"}, "S3_BUCKET"),
        (KEYS, "S3_BUCKET"),
        ({"S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "id"}, "S3_SECRET_ACCESS_KEY"),
        ({"S3_BUCKET": "b", "S3_SECRET_ACCESS_KEY": "secret"}, "S3_ACCESS_KEY_ID"),
    ],
)
def test_half_a_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=missing):
        configured(monkeypatch, given)


def test_a_bucket_without_its_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-s3\.txt"):
        configured(monkeypatch, {"S3_BUCKET": "b"})


def test_a_bucket_is_private_and_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "find_spec", find_spec if find_spec("storages") else lambda name: object())
    made = configured(monkeypatch, {"S3_BUCKET": "b", "S3_PREFIX": "files", "S3_ENDPOINT_URL": "http://x"} | KEYS)
    options = made["OPTIONS"]
    assert made["BACKEND"] == "common.files.s3.BucketStorage"
    assert (options["bucket_name"], options["location"], options["endpoint_url"]) == ("b", "files", "http://x")
    assert (options["default_acl"], options["signature_version"]) == (None, "s3v4")
    assert options["object_parameters"]["ContentType"] == "application/octet-stream"
