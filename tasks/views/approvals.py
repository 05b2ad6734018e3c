"""An approval as a page shows it: what will happen, why, who may decide, and the form."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from tasks.forms import DecisionForm
from tasks.models import ApprovalRequest
from tasks.views.evidence import EvidenceRow
from tasks.views.looks import Look, approval_look

COMMANDS = ("command", "then")
WHY_KEYS = ("why", "reason", "rationale")
PLAIN = frozenset({"approve", "reject", "amend"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One typed argument of the action."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ShownApproval:
    approval: ApprovalRequest
    look: Look
    mine: bool
    arguments: list[Argument]
    amended: list[Argument]
    choices: list[dict[str, str]]
    may_approve_plainly: bool
    may_reject_plainly: bool
    why: str
    raw: str
    draft: str
    form: DecisionForm
    next: str = ""
    evidence: list[EvidenceRow] = field(default_factory=list)
    needs_proof: bool = False
    """the viewer must first prove again who they are"""

    @property
    def plan_url(self) -> str:
        """The plan's page, where a gate or a phase is asked about."""
        gate, phase = self.approval.gate, self.approval.phase
        plan = gate.phase.plan if gate else phase.plan if phase else None
        return reverse("tasks:plan", args=[plan.project.slug, plan.id]) if plan else ""


def show(
    approval: ApprovalRequest,
    *,
    mine: bool,
    form: DecisionForm | None = None,
    next: str = "",
    evidence: list[EvidenceRow] | None = None,
    needs_proof: bool = False,
) -> ShownApproval:
    typed = form.data.get("amended_content") if form else None
    # an amendment has a form of its own
    choices = [one for one in approval.options if one.get("key") not in PLAIN and one.get("action") != "amend"]
    offered = {option.get("action") for option in choices}
    why = why_key(approval.action)
    return ShownApproval(
        approval=approval,
        look=approval_look(approval, mine=mine),
        mine=mine,
        arguments=arguments(approval.action, without=why),
        amended=arguments(approval.amended_content or {}),
        choices=choices,
        may_approve_plainly="approve" not in offered,
        may_reject_plainly="reject" not in offered,
        why=approval.action[why] if why else "",
        raw=pretty(covered(approval)),
        draft=typed or pretty(approval.action),
        form=form or DecisionForm(),
        next=next,
        evidence=evidence or [],
        needs_proof=needs_proof,
    )


def arguments(action: Mapping[str, Any], *, without: str = "") -> list[Argument]:
    """Return the action's arguments as a person reads them, the command on top; only `without` is left out."""
    names = sorted((name for name in action if name != without), key=lambda name: (name not in COMMANDS, name))
    return [Argument(name, readable(action[name])) for name in names]


def readable(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(entry, str) for entry in value):
        return shlex.join(value)  # quoted, so that each argument's ends can be seen
    return pretty(value)


def why_key(action: Mapping[str, Any]) -> str:
    """Return the argument in which the agent says why, if there is one: it is shown as a text of its own."""
    return next((key for key in WHY_KEYS if isinstance(action.get(key), str)), "")


def covered(approval: ApprovalRequest) -> dict[str, Any]:
    """Return the document whose canonical form the digest is taken of."""
    return {
        "task": str(approval.task_id),
        "action": approval.action,
        "target_commit": approval.target_commit or None,
        "nonce": approval.nonce,
    }


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
