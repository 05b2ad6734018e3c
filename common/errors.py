"""Errors a caller can act on: a class with a stable code and an HTTP status; one place renders them (RFC 9457)."""

from typing import Any


class DomainError(Exception):
    """A refusal. `detail` says what is wrong and what to do; `extra` are members of the problem document."""

    code = "refused"
    status = 400
    title = "The request was refused"

    def __init__(self, detail: str = "", *, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.extra = extra


class Invalid(DomainError):
    """The input is understood and wrong; `errors` names the fields."""

    code = "invalid"
    status = 422
    title = "The input is not valid"


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"
    status = 404
    title = "Not found"


class Forbidden(DomainError):
    """The caller may see the object but may not do this."""

    code = "forbidden"
    status = 403
    title = "You may not do this"


class StepUpRequired(Forbidden):
    """The caller may do this, and must first prove again who they are, in the product."""

    code = "step_up_required"
    title = "Confirm first, in the product at /confirm/, that it is you; a token cannot"


class Conflict(DomainError):
    """The state of the object does not allow it (any more)."""

    code = "conflict"
    status = 409
    title = "The state does not allow this"


class LeaseLost(Conflict):
    """The caller does not hold the lease: it expired, was given to another attempt, or is suspended."""

    code = "lease_lost"
    title = "The lease is lost"


class PreconditionFailed(DomainError):
    """`If-Match` names another version (RFC 9110 §13.1.1)."""

    code = "precondition_failed"
    status = 412
    title = "The object has changed since you read it"


class TooManyRequests(DomainError):
    """A limit is reached; `retry_after` is in seconds."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"


class Unavailable(DomainError):
    """A part the request needs does not answer; trying again later is safe."""

    code = "unavailable"
    status = 503
    title = "Temporarily unavailable"
