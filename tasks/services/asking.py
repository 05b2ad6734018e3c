"""A question to people, as a row: what its digest binds, what it offers, how long it waits and how many must agree."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import rfc8785

from audit.services import record
from common.errors import Invalid
from projects.models import Gate, Phase, Project
from tasks import events
from tasks.models import ApprovalRequest, ApprovalTrigger, Execution, Risk, Task
from tasks.services.base import approval_subject
from tasks.services.options import options_for
from tasks.services.oversight import expiry_of, limits_of, quorum_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Without options it offers those of its trigger, whose effects are then carried out."""

    kind: str
    text: str
    action: dict[str, Any]
    trigger: str = ApprovalTrigger.MANUAL_REQUEST
    risk: str = Risk.LOW
    target_commit: str = ""
    options: list[dict[str, str]] | None = None
    expires_in: timedelta | None = None
    confidence: Decimal | None = None
    estimated_tokens: int | None = None
    estimated_cost_usd: Decimal | None = None
    policy: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What a question is about, and who asks: an attempt, or a person."""

    project: Project
    task: Task | None = None
    execution: Execution | None = None
    phase: Phase | None = None
    gate: Gate | None = None
    requested_by_id: UUID | None = None


def action_digest(*, task_id: UUID | None, action: dict[str, Any], target_commit: str, nonce: str) -> str:
    """Return SHA-256 over the canonical JSON (RFC 8785) of what is asked: it binds task, action, commit and nonce.

    Raises `Invalid` where the action cannot be canonicalised (an integer beyond 2^53, for example).
    """
    document = {
        "task": str(task_id) if task_id else None,
        "action": action,
        "target_commit": target_commit or None,
        "nonce": nonce,
    }
    try:
        return hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise Invalid("The action has no canonical form (RFC 8785).", errors={"action": [str(error)]}) from error


def create_request(question: Question, about: About, now: datetime) -> ApprovalRequest:
    """Write a question; the caller holds the lock of its task."""
    config = about.project.hitl_config
    wait = question.expires_in or expiry_of(question.kind, config)
    nonce = secrets.token_hex(16)
    task_id = about.task.id if about.task else None
    bound: dict[str, Any] = {"action": question.action, "target_commit": question.target_commit, "nonce": nonce}
    approval = ApprovalRequest.objects.create(
        project=about.project,
        task=about.task,
        execution=about.execution,
        agent_id=about.execution.agent_id if about.execution else None,
        phase=about.phase,
        gate=about.gate,
        requested_by_id=about.requested_by_id,
        kind=question.kind,
        trigger=question.trigger,
        risk=question.risk,
        quorum=quorum_of(question.risk, limits_of(config)),
        policy={**question.policy, "oversight": about.project.oversight_level, "effects": not question.options},
        estimated_tokens=question.estimated_tokens,
        estimated_cost_usd=question.estimated_cost_usd,
        confidence=question.confidence,
        question=question.text,
        digest=action_digest(task_id=task_id, **bound),
        options=question.options or options_for(question.kind, question.trigger),
        expires_at=now + wait,
        escalates_at=now + wait / 2,
        **bound,
    )
    subject = approval_subject(approval, about.task)
    record(events.APPROVAL_REQUESTED, subject, kind=str(approval.kind), digest=approval.digest)
    return approval
