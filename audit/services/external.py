"""Events that happen outside: callers tell of them, and can tell of nothing else."""

from uuid import UUID

from django.db import transaction

from audit.events import CATALOGUE, canonical_name
from audit.models import Event
from audit.services.log import Subject, record
from common.context import Principal
from common.errors import Invalid
from common.redis.limiter import Limit, get_rate_limiter

PER_CALLER = Limit("external-events", requests=120, seconds=60)


@transaction.atomic
def record_external(
    *, principal: Principal, name: str, subject: str, summary: str, url: str = "", project_id: UUID | None = None
) -> Event:
    """Record what a caller says happened outside; the log says who said it.

    It is about no object of ours, so it can stand in the history of none. Without a project only the caller and
    administrators see it. Raises `Invalid` for a name that is not one of those, `TooManyRequests`.
    """
    entry = CATALOGUE.get(canonical_name(name))
    if entry is None or not entry.external:
        raise Invalid("Only events that happen outside may be told.", errors={"name": ["Not one that may be told."]})
    get_rate_limiter(PER_CALLER).is_allowed(str(principal.id)).require()
    return record(
        entry,
        Subject(type=f"external.{entry.name.partition('.')[0]}", id=None, label=subject, project_id=project_id),
        concerns=[principal.user_id],
        summary=summary,
        url=url,
    )
