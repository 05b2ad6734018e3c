"""What can go wrong with an attempt, and who has to act on it."""


class ConfigError(Exception):
    """The worker's own configuration or arguments are wrong: say so and do not start."""


class ProtocolError(Exception):
    """The server's answer is not the protocol's."""


class UnreachableError(Exception):
    """No usable answer came; trying again may help."""


class RefusedError(Exception):
    """This worker will not do the task as it stands; another try would end the same way."""


class WorkspaceError(Exception):
    """The working copy could not be made or changed; another try may help."""


class ApiError(Exception):
    """The server answered with a problem."""

    def __init__(self, status: int, problem: dict[str, object]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))
        detail = problem.get("detail") or problem.get("title") or "no detail"
        super().__init__(f"{status} {self.code or 'error'}: {detail}")

    @property
    def items(self) -> list[dict[str, object]]:
        """The problem's `errors` as a list of objects; anything else in there is ignored."""
        errors = self.problem.get("errors")
        return [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
