"""What is wrong, and what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

SET_UP = "run: manage.py setup_platform"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is not as it must be, in words, and the remedy. Neither names a password."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """A question with a name. It yields nothing where all is well."""

    name: str
    ask: Callable[[], Iterable[Complaint]]
    remedy: str
    """where the question cannot even be asked"""

    def complaints(self) -> list[Complaint]:
        """Return what is wrong. A library's own words may hold an address, so only the kind of error is told."""
        try:
            return list(self.ask())
        except Exception as error:
            return [Complaint(f"cannot be asked ({type(error).__name__})", self.remedy)]
