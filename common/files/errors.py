"""How bytes are refused: each refusal names the member that is wrong, `file` or `file_name`."""

from typing import Any

from common.errors import DomainError, Invalid


class FileTooLarge(DomainError):
    code = "file_too_large"
    status = 413
    title = "The file is too large"


class FileRefused(Invalid):
    """The bytes or their name are not taken; `code` says which rule they break."""

    code = "file_refused"
    title = "The file is not accepted"

    def __init__(self, detail: str, *, code: str, member: str = "file", **extra: Any) -> None:
        super().__init__(detail, code=code, errors={member: [detail]}, **extra)


class UploadIncomplete(DomainError):
    """The body ended before the length that was announced; nothing of it is kept."""

    code = "upload_incomplete"
    status = 400
    title = "The body ended too early"


class UploadTooSlow(DomainError):
    """The body did not arrive in time; nothing of it is kept."""

    code = "upload_too_slow"
    status = 408
    title = "The body came too slowly"


class StorageFull(DomainError):
    """There is no room; the caller may try again once there is."""

    code = "storage_full"
    status = 507
    title = "The storage is full"


class FileDamaged(DomainError):
    """What is stored is missing or is not what was stored."""

    code = "file_damaged"
    status = 500
    title = "The stored file is damaged"
