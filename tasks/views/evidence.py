"""Evidence as a page shows it: what it says, how strong it is, who handed it in, and the end of its output."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Length, Right

from common.context import Principal
from evidence.models import Evidence
from tasks.views.looks import Look, Strength, evidence_look, strength

PREVIEW = 12_000
MOST = 100


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    evidence: Evidence
    look: Look
    strength: Strength
    by: str
    by_icon: str
    tool: str
    commit: str
    preview: str
    is_cut: bool


def evidence_rows(principal: Principal, task_id: UUID) -> list[EvidenceRow]:
    """Return the newest evidence of a task, with the end of each output: the whole of it may be large."""
    found = (
        Evidence.objects.visible_to(principal)
        .about_task(task_id)
        .without_content()
        .select_related("agent", "author")
        .annotate(preview=Right("content", PREVIEW), length=Length("content"))
        .order_by("-id")[:MOST]
    )
    return [row_of(evidence) for evidence in found]


def row_of(evidence: Any) -> EvidenceRow:
    data = evidence.data
    return EvidenceRow(
        evidence=evidence,
        look=evidence_look(evidence),
        strength=strength({evidence.grade: 1}),
        by=str(evidence.agent or evidence.author),
        by_icon="bot" if evidence.agent else "user",
        tool=" ".join(str(data[name]) for name in ("tool", "tool_version") if data.get(name)),
        commit=data["commit"] if isinstance(data.get("commit"), str) else "",
        preview=evidence.preview or "",
        is_cut=(evidence.length or 0) > PREVIEW,
    )


def brief_rows(principal: Principal, task_id: UUID) -> list[EvidenceRow]:
    """Return the newest evidence without any output, for beside an approval."""
    found = (
        Evidence.objects.visible_to(principal)
        .about_task(task_id)
        .counting()
        .without_content()
        .select_related("agent", "author")
        .annotate(preview=Value(""), length=Value(0))
        .order_by("-id")[:10]
    )
    return [row_of(evidence) for evidence in found]


def overall(rows: Iterable[EvidenceRow]) -> Strength:
    """The weakest link of what stands."""
    grades: dict[str, int] = {}
    for row in rows:
        if row.evidence.rejected_at is None:
            grades[row.evidence.grade] = grades.get(row.evidence.grade, 0) + 1
    return strength(grades)
