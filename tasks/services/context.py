"""What a run is given to read, as much as there is room for, and what it leaves for others to read."""

from typing import Any
from uuid import UUID

from django.db import transaction

from common.errors import Invalid
from evidence.models import Artifact
from evidence.services.artifacts import Assembly, Author, give_context, leave_artifact
from tasks.models import QuarantineKind
from tasks.services.claims import Claimed
from tasks.services.leases import Held, LeaseClaim, under_lease

MOST_ARTIFACTS = 100
DEFAULT_TOKENS, MOST_TOKENS = 8_000, 200_000


def context_for(*, claimed: Claimed) -> Assembly | None:
    """Give a new attempt the artifacts that `task.input["artifacts"]` names by id; None where it names none.

    `task.input["context_tokens"]` is the room, 8,000 unless it says otherwise. Nothing is given that nobody named. A
    name that is no artifact of the project (any more) stops nobody: it is reported as dropped.
    """
    named = named_in(claimed.task.input)
    if not named:
        return None
    ids = [identifier for identifier in map(as_uuid, named) if identifier]
    unknown = [name for name in named if not as_uuid(name)]
    return given(claimed, ids, unknown)


@transaction.atomic
def given(claimed: Claimed, ids: list[UUID], unknown: list[str]) -> Assembly:
    try:
        assembly = give_context(
            project_id=claimed.task.project_id,
            task_id=claimed.task.id,
            execution_id=claimed.execution.id,
            label=f"{claimed.task.key} attempt {claimed.execution.attempt}",
            ids=ids,
            max_tokens=room_of(claimed.task.input),
        )
    except Invalid as refusal:
        gone = refusal.extra["unknown"]
        return given(claimed, [each for each in ids if str(each) not in gone], [*unknown, *gone])
    assembly.unknown.extend(unknown)
    return assembly


def named_in(given_input: dict[str, Any]) -> list[str]:
    named = given_input.get("artifacts")
    return [str(name)[:100] for name in named[:MOST_ARTIFACTS]] if isinstance(named, list) else []


def room_of(given_input: dict[str, Any]) -> int:
    asked = given_input.get("context_tokens", DEFAULT_TOKENS)
    if isinstance(asked, bool) or not isinstance(asked, int):
        return DEFAULT_TOKENS
    return min(max(asked, 1), MOST_TOKENS)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def leave_run_artifact(*, claim: LeaseClaim, **piece: Any) -> Artifact:
    """Keep what a run wrote down, at its path: something new, or the next version of what is there.

    Raises what `leave_artifact` raises, and `LeaseLost` for a late one, which is kept in quarantine.
    """

    def write(held: Held) -> Artifact:
        author = Author(agent_id=held.execution.agent_id, execution_id=held.execution.id)
        return leave_artifact(project=held.task.project, author=author, **piece)

    return under_lease(claim, QuarantineKind.REPORT, piece, write)
