"""Which run saw which version: a manifest of the context it was given."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from audit.services import Subject, record
from evidence import events
from evidence.models import ArtifactUse
from evidence.services.artifacts.assembly import Assembly, assemble
from evidence.services.artifacts.repository import DatabaseArtifacts


@transaction.atomic
def give_context(
    *, project_id: UUID, task_id: UUID, execution_id: UUID, label: str, ids: Sequence[UUID], max_tokens: int
) -> Assembly:
    """Put context together for a run, and note what it saw and what it did not. `label` names the run in the log.

    A run may be given more later; ranks go on. Raises `Invalid` that names ids which are not of the project.
    """
    assembly = assemble(DatabaseArtifacts(project_id), ids, max_tokens)
    first = next_rank(execution_id)
    ArtifactUse.objects.bulk_create(
        ArtifactUse(
            artifact=outcome.artifact,
            execution_id=execution_id,
            rank=first + at,
            tokens=outcome.tokens,
            was_dropped=outcome.why is not None,
        )
        for at, outcome in enumerate(assembly.outcomes)
    )
    record(
        events.CONTEXT_GIVEN,
        Subject(
            type="execution",
            id=execution_id,
            label=label,
            project_id=project_id,
            task_id=task_id,
        ),
        given=len(assembly.given),
        dropped=len(assembly.dropped),
        tokens=assembly.tokens,
        max_tokens=max_tokens,
    )
    return assembly


def next_rank(execution_id: UUID) -> int:
    last = ArtifactUse.objects.filter(execution_id=execution_id).aggregate(last=Max("rank"))["last"]
    return 0 if last is None else last + 1
