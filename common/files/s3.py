"""The storage under the room as a bucket of S3 or a like service. Imported only where S3_BUCKET is set."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from common.files.kinds import checked
from common.files.storage import INCOMING, PIECE, ready


class BucketStorage(S3Storage):  # type: ignore[misc]  # django-storages ships no types
    """One object per key. A bucket has no locks: an object that is stored again while a sweep removes it can be lost,
    in the moment between the sweep's last look and its removal. Keep versions in the bucket, or sweep rarely.
    """

    def incoming(self) -> Path:
        return ready(Path(settings.MEDIA_ROOT) / INCOMING)

    def object(self, key: str) -> Any:
        return self.bucket.Object(self._normalize_name(checked(key)))

    def adopt(self, path: Path, key: str) -> None:
        self.object(key).upload_file(str(path), ExtraArgs=self.object_parameters, Config=self.transfer_config)
        path.unlink()

    def freshen(self, key: str, size: int) -> bool:
        """Nothing counts as new again without being stored again, so it always is."""
        return False

    def size(self, key: str) -> int:
        return int(self.head(key).content_length)

    def head(self, key: str) -> Any:
        found = self.object(key)
        with_missing(found.load)
        return found

    def pieces(self, key: str, start: int, end: int) -> Iterator[bytes]:
        if start < end:
            answer = with_missing(self.object(key).get, Range=f"bytes={start}-{end - 1}")
            yield from answer["Body"].iter_chunks(PIECE)

    def tenants(self, kind: str) -> Iterator[str]:
        base = self._normalize_name(kind) + "/"
        pages = self.bucket.meta.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket.name, Prefix=base, Delimiter="/"):
            for entry in page.get("CommonPrefixes", ()):
                yield entry["Prefix"].removeprefix(base).rstrip("/")

    def aged(self, kind: str, tenant: str, before: datetime) -> Iterator[str]:
        base = self._normalize_name(f"{kind}/{tenant}") + "/"
        for entry in self.bucket.objects.filter(Prefix=base):
            if entry.last_modified < before:
                yield f"{kind}/{tenant}/{entry.key.removeprefix(base)}"

    def remove_aged(self, key: str, before: datetime) -> bool:
        try:
            found = self.head(key)
        except FileNotFoundError:
            return False
        if found.last_modified >= before:
            return False
        found.delete()
        return True

    def complaint(self) -> str:
        try:
            self.bucket.meta.client.head_bucket(Bucket=self.bucket.name)
        except ClientError:
            return "the bucket refuses"
        return ""


def with_missing(call: Any, **arguments: Any) -> Any:
    """Call the service; its 404 becomes FileNotFoundError."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise FileNotFoundError from error
        raise
