"""Django's STORAGES from the environment. The settings call this, so it may not read them."""

from importlib.util import find_spec
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DISK = {"default": {"BACKEND": "common.files.storage.DiskStorage"}}
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
NAMES = ("S3_BUCKET", "S3_REGION", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_PREFIX")


def storages(env: environ.Env) -> dict[str, dict[str, Any]]:
    """Return a folder of this machine, or the bucket that S3_BUCKET names. Raises `ImproperlyConfigured`."""
    # A digest in the name lets browsers keep a file for ever; collectstatic must have made them.
    static = {"staticfiles": {"BACKEND": HASHED if env.bool("STATIC_HASHED", default=False) else PLAIN}}
    given = {name: env.str(name, default="") for name in NAMES}
    if not any(given.values()):
        return DISK | static
    check(given)
    options = {
        "bucket_name": given["S3_BUCKET"],
        "region_name": given["S3_REGION"] or None,
        "endpoint_url": given["S3_ENDPOINT_URL"] or None,
        "access_key": given["S3_ACCESS_KEY_ID"] or None,
        "secret_key": given["S3_SECRET_ACCESS_KEY"] or None,
        "location": given["S3_PREFIX"],
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": True,
        "object_parameters": {"ContentType": "application/octet-stream", "ContentDisposition": "attachment"},
    }
    return {"default": {"BACKEND": "common.files.s3.BucketStorage", "OPTIONS": options}} | static


def check(given: dict[str, str]) -> None:
    if not given["S3_BUCKET"]:
        half = ", ".join(sorted(name for name, value in given.items() if value))
        raise ImproperlyConfigured(f"{half} is set but S3_BUCKET is not: set S3_BUCKET, or unset the others.")
    if bool(given["S3_ACCESS_KEY_ID"]) != bool(given["S3_SECRET_ACCESS_KEY"]):
        raise ImproperlyConfigured(
            "Set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither to use the machine's own role."
        )
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured("S3_BUCKET needs more packages: pip install --require-hashes -r requirements-s3.txt")
