"""The claim as the server sends it, read strictly: what is missing or of another kind is a ProtocolError."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from agents.worker.errors import ProtocolError

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition the task must meet to be closed."""

    id: str
    kind: str
    title: str
    parameters: Members


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's answer to an earlier question about this task."""

    id: str
    kind: str
    status: str
    action: Members
    target_commit: str | None
    nonce: str
    digest: str
    comment: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one task, and the lease it is held under."""

    task_id: str
    key: str
    title: str
    type: str
    input: Members
    criteria: tuple[Criterion, ...]
    execution_id: str
    attempt: int
    lease_token: str
    lease_seconds: float
    grants: tuple[Grant, ...]
    repository: str
    branch: str


def read_claim(value: object) -> Claim:
    """One element of the claim's answer."""
    claim = _members(value, "claim")
    task = _members(claim.get("task"), "task")
    context = _members(claim.get("context") or {}, "context")
    return Claim(
        task_id=_id(task, "id"),
        key=_text(task, "key"),
        title=_text(task, "title"),
        type=_text(task, "type"),
        input=_members(task.get("input") or {}, "input"),
        criteria=_criteria(task.get("contract")),
        execution_id=_id(_members(claim.get("execution"), "execution"), "id"),
        attempt=int(_number(claim, "attempt")),
        lease_token=_text(claim, "lease_token"),
        lease_seconds=_number(claim, "lease_seconds"),
        grants=tuple(_grant(item) for item in _list(claim.get("grants") or [], "grants")),
        repository=_optional(context, "repository_url") or "",
        branch=_optional(context, "default_branch") or "",
    )


def read_number(members: Members, name: str, default: float) -> float:
    """A number of an answer that older servers may leave out."""
    return _number(members, name) if name in members else default


def _criteria(contract: object) -> tuple[Criterion, ...]:
    if contract is None:
        return ()
    items = _list(_members(contract, "contract").get("criteria") or [], "criteria")
    return tuple(_criterion(_members(item, "criterion")) for item in items)


def _criterion(item: Members) -> Criterion:
    parameters = _members(item.get("parameters") or {}, "parameters")
    return Criterion(_id(item, "id"), _text(item, "kind"), _text(item, "title"), parameters)


def _grant(value: object) -> Grant:
    item = _members(value, "grant")
    return Grant(
        id=_id(item, "id"),
        kind=_text(item, "kind"),
        status=_text(item, "status"),
        action=_members(item.get("action"), "action"),
        target_commit=_optional(item, "target_commit"),
        nonce=_text(item, "nonce"),
        digest=_text(item, "digest"),
        comment=_optional(item, "comment") or "",
    )


def _members(value: object, name: str) -> Members:
    if not isinstance(value, dict):
        raise ProtocolError(f"{name} is not an object")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise ProtocolError(f"{name} is not a list")
    return value


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"{name} is not a string")
    return value


def _optional(members: Members, name: str) -> str | None:
    return None if members.get(name) is None else _text(members, name)


def _id(members: Members, name: str) -> str:
    """Ids become parts of URLs and of folder names, so nothing but a UUID passes."""
    try:
        return str(UUID(_text(members, name)))
    except ValueError as error:
        raise ProtocolError(f"{name} is not a UUID") from error


def _number(members: Members, name: str) -> float:
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProtocolError(f"{name} is not a number")
    return value
