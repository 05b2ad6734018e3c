"""Who may hand out credentials."""

from collections.abc import Iterable

from common.context import Principal
from common.errors import Forbidden


def check_may_issue(principal: Principal, scopes: Iterable[str]) -> None:
    """Raise `Forbidden` for an agent, and for a token that would make one with more scopes than its own."""
    if principal.is_agent:
        raise Forbidden("An agent cannot make tokens.", code="not_for_agents")
    more = sorted(set(scopes) - principal.scopes) if principal.via == "token" else []
    if more:
        raise Forbidden(f"This token has not the scopes {', '.join(more)} itself.", code="more_scopes")
