"""Who acts, as the columns of a row say it: a person or an agent, never both."""

from uuid import UUID

from common.context import Principal


def acted_by(principal: Principal, *, user: str = "user", agent: str = "agent") -> dict[str, UUID]:
    """Return the one of two columns that names the caller."""
    return {f"{agent}_id": principal.agent_id} if principal.agent_id else {f"{user}_id": principal.user_id}
