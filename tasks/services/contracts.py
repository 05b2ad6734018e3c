"""Acceptance contracts: setting them and finding out whether evidence meets them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from audit.services import record
from common.errors import Conflict, Invalid
from common.ids import uuid7_floor
from evidence.models import Evidence, Grade
from tasks import events
from tasks.models import AcceptanceContract, Criterion, CriterionKind, Evaluation, Execution, Task, TaskStatus
from tasks.services.base import lock_task, subject_of


@dataclass(frozen=True, slots=True)
class CriterionInput:
    """A criterion to be set."""

    kind: str
    title: str
    parameters: dict[str, Any] = field(default_factory=dict)
    minimum_grade: str = Grade.RUNNER_REPORTED
    fresh_for_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a criterion is met now, by what, and in words."""

    criterion: Criterion
    is_met: bool
    reason: str
    evidence: Evidence | None = None


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_command(value: Any) -> bool:
    return is_text(value) or (isinstance(value, list) and value != [] and all(is_text(part) for part in value))


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Checks = dict[str, Callable[[Any], bool]]
REQUIRED_PARAMETERS: dict[CriterionKind, Checks] = {
    CriterionKind.COMMAND_EXIT: {"command": is_command},
    CriterionKind.FILE_DIGEST: {"path": is_text, "sha256": is_text},
    CriterionKind.CI_CHECK: {"check": is_text},
    CriterionKind.URL_PROBE: {"url": is_text},
    CriterionKind.HUMAN_SIGNOFF: {},
    CriterionKind.REVIEWER_AGENT: {},
}
OPTIONAL_PARAMETERS: Checks = {"exit_code": is_number, "status": is_number}
FOR_PEOPLE = frozenset({CriterionKind.HUMAN_SIGNOFF, CriterionKind.REVIEWER_AGENT})


@transaction.atomic
def set_contract(*, task: Task, criteria: Sequence[CriterionInput]) -> AcceptanceContract:
    """Give a task its criteria, before anybody has claimed it.

    Raises `Conflict` where it has a contract or an attempt already, `Invalid` for a missing parameter or no criteria.
    """
    if not criteria:
        raise Invalid("A contract without criteria would prove nothing.", errors={"criteria": ["Name at least one."]})
    for position, criterion in enumerate(criteria):
        check_parameters(f"criteria[{position}].parameters", criterion)
    locked = lock_task(task.id)
    if locked.attempt or locked.contracts.exists() or locked.status == TaskStatus.CLOSED:
        raise Conflict("A contract is set once, before the first claim.", code="contract_fixed")
    contract = AcceptanceContract.objects.create(task=locked)
    Criterion.objects.bulk_create(
        Criterion(
            contract=contract,
            ordinal=position,
            kind=criterion.kind,
            title=criterion.title,
            parameters=criterion.parameters,
            minimum_grade=criterion.minimum_grade,
            fresh_for_seconds=criterion.fresh_for_seconds,
        )
        for position, criterion in enumerate(criteria, start=1)
    )
    record(events.CONTRACT_SET, subject_of(locked), criteria=len(criteria))
    return contract


def check_parameters(path: str, criterion: CriterionInput) -> None:
    """Raise `Invalid`, naming the field, where a parameter is missing or of another kind than its rule reads."""
    required = REQUIRED_PARAMETERS[CriterionKind(criterion.kind)]
    missing = sorted(set(required) - set(criterion.parameters))
    if missing:
        raise Invalid("A criterion lacks parameters.", errors={path: [f"Missing: {', '.join(missing)}."]})
    for name, check in {**OPTIONAL_PARAMETERS, **required}.items():
        if name in criterion.parameters and not check(criterion.parameters[name]):
            raise Invalid("A parameter is not valid.", errors={f"{path}.{name}": ["Of another kind than expected."]})


def criteria_of(task: Task) -> list[Criterion]:
    return list(Criterion.objects.filter(contract__task_id=task.id).order_by("ordinal"))


def evaluate(task: Task, execution: Execution, *, resting_on: UUID | None = None) -> list[Finding]:
    """Judge every criterion of a locked task by the evidence that counts, and append the findings that changed.

    With `resting_on`, only those whose last finding rests on that evidence.
    """
    criteria, pieces = criteria_of(task), what_counts(task)
    if resting_on:
        found = Evaluation.objects.filter(criterion__in=criteria).order_by("criterion_id", "-id")
        last = {one.criterion_id: one.evidence_id for one in found.distinct("criterion_id")}
        criteria = [criterion for criterion in criteria if last.get(criterion.id) == resting_on]
    findings = [judge(criterion, pieces, execution) for criterion in criteria]
    for finding in findings:
        note(task, finding)
    return findings


def what_counts(task: Task) -> list[Evidence]:
    """Return the evidence that says something about a task now, the newest first.

    What was handed in before a review sent the result back says nothing about the work since.
    """
    counting = Evidence.objects.about_task(task.id).counting().without_content()
    sent_back = Execution.objects.filter(task_id=task.id).aggregate(at=Max("set_aside_at"))["at"]
    if sent_back:
        counting = counting.filter(id__gte=uuid7_floor(sent_back))
    return list(counting.order_by("-id"))


def judge(criterion: Criterion, pieces: Sequence[Evidence], execution: Execution) -> Finding:
    """Judge one criterion: the newest evidence that speaks about it decides, if it is fresh and strong enough."""
    speaks, holds, words = RULES[CriterionKind(criterion.kind)]
    piece = next((piece for piece in pieces if speaks(criterion.parameters, piece, execution)), None)
    if piece is None:
        return Finding(criterion, False, "No evidence speaks about it yet.")
    if not holds(criterion.parameters, piece):
        return Finding(criterion, False, words(criterion.parameters, piece), piece)
    if Grade(piece.grade).rank < Grade(criterion.minimum_grade).rank:
        needed = Grade(criterion.minimum_grade).label.lower()
        return Finding(
            criterion, False, f"The evidence is {piece.get_grade_display().lower()}; needed: {needed}.", piece
        )
    if is_stale(criterion, piece, execution):
        return Finding(criterion, False, f"The evidence is older than {criterion.fresh_for_seconds} s.", piece)
    return Finding(criterion, True, words(criterion.parameters, piece), piece)


def is_stale(criterion: Criterion, piece: Evidence, execution: Execution) -> bool:
    if criterion.fresh_for_seconds is None or execution.last_heartbeat_at is None:
        return False
    return execution.last_heartbeat_at - piece.created_at > timedelta(seconds=criterion.fresh_for_seconds)


def note(task: Task, finding: Finding) -> None:
    """Append the finding unless the last one said the same."""
    last = Evaluation.objects.filter(criterion=finding.criterion).order_by("-id").first()
    evidence_id = finding.evidence.id if finding.evidence else None
    if last and (last.is_met, last.evidence_id, last.reason) == (finding.is_met, evidence_id, finding.reason):
        return
    if last is None and evidence_id is None:
        return
    Evaluation.objects.create(
        criterion=finding.criterion, evidence_id=evidence_id, is_met=finding.is_met, reason=finding.reason
    )
    record(
        events.CRITERION_EVALUATED,
        subject_of(task),
        reason=finding.reason,
        criterion_id=str(finding.criterion.id),
        is_met=finding.is_met,
        evidence_id=str(evidence_id) if evidence_id else None,
    )


Parameters = dict[str, Any]
Speaks = Callable[[Parameters, Evidence, Execution], bool]
Holds = Callable[[Parameters, Evidence], bool]
Words = Callable[[Parameters, Evidence], str]


def ran_command(parameters: Parameters, piece: Evidence, execution: Execution) -> bool:
    return parameters["command"] in (piece.data.get("command_name"), piece.data.get("command"))


def exit_matches(parameters: Parameters, piece: Evidence) -> bool:
    return piece.exit_code is not None and piece.exit_code == parameters.get("exit_code", 0)


def exit_words(parameters: Parameters, piece: Evidence) -> str:
    return f"Exit code {piece.exit_code}, needed {parameters.get('exit_code', 0)}."


def digest_of(parameters: Parameters, piece: Evidence) -> Any:
    files = piece.data.get("files")
    return files.get(parameters["path"]) if isinstance(files, dict) else None


def verdict(piece: Evidence) -> Any:
    return piece.data.get("verdict")


def by_another_person(_: Parameters, piece: Evidence, execution: Execution) -> bool:
    """A verdict of a person who does not own the agent that did the work."""
    return piece.grade == Grade.HUMAN and verdict(piece) is not None and piece.author_id != execution.agent.owner_id


RULES: dict[CriterionKind, tuple[Speaks, Holds, Words]] = {
    CriterionKind.COMMAND_EXIT: (ran_command, exit_matches, exit_words),
    CriterionKind.FILE_DIGEST: (
        lambda parameters, piece, _: digest_of(parameters, piece) is not None,
        lambda parameters, piece: digest_of(parameters, piece) == parameters["sha256"],
        lambda parameters, piece: f"{parameters['path']} has digest {digest_of(parameters, piece)}.",
    ),
    CriterionKind.CI_CHECK: (
        lambda parameters, piece, _: piece.data.get("check") == parameters["check"],
        lambda _, piece: piece.data.get("conclusion") == "success",
        lambda parameters, piece: f"{parameters['check']} concluded {piece.data.get('conclusion')}.",
    ),
    CriterionKind.URL_PROBE: (
        lambda parameters, piece, _: piece.data.get("url") == parameters["url"],
        lambda parameters, piece: piece.data.get("status") == parameters.get("status", 200),
        lambda parameters, piece: f"{parameters['url']} answered {piece.data.get('status')}.",
    ),
    CriterionKind.HUMAN_SIGNOFF: (
        by_another_person,
        lambda _, piece: verdict(piece) == "approved",
        lambda _, piece: f"A person's verdict: {verdict(piece)}.",
    ),
    CriterionKind.REVIEWER_AGENT: (
        lambda _, piece, execution: verdict(piece) is not None and piece.agent_id != execution.agent_id,
        lambda _, piece: verdict(piece) == "approved",
        lambda _, piece: f"The reviewer's verdict: {verdict(piece)}.",
    ),
}
