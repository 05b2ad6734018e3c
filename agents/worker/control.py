"""What the outside asks of a running attempt: set by the heartbeat and by signals, read by the work.

Plain attributes and short naps instead of `threading.Event`: a signal handler that sets an Event can
deadlock with the main thread when it interrupts a wait on that same Event.
"""

import enum
import time
from collections.abc import Callable

NAP_SECONDS = 0.1
# How long a worker that was told to go keeps trying to say goodbye.
GOODBYE_SECONDS = 5.0


class Interrupt(enum.Enum):
    """Why work has to end before it is finished."""

    LOST = "lease lost"
    STOP = "stopped by the server"
    ASK = "the server wants a person asked"
    SHUTDOWN = "the worker is shutting down"


class InterruptError(Exception):
    """Raised in the working thread at the next point where it looks."""

    def __init__(self, kind: Interrupt, detail: str = "") -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(f"{kind.value}: {detail}" if detail else kind.value)


class Control:
    """One per attempt."""

    def __init__(self, is_shutting_down: Callable[[], bool]) -> None:
        self._is_shutting_down = is_shutting_down
        self._interrupt: tuple[Interrupt, str] | None = None
        self._goodbye_until = 0.0
        self.wrap_up = False
        self.progress = 0
        self.message = ""

    def interrupt(self, kind: Interrupt, detail: str = "") -> None:
        """The first reason stands, except that a lost lease overrides every other."""
        if self._interrupt is None or kind is Interrupt.LOST:
            self._interrupt = (kind, detail)

    @property
    def is_lost(self) -> bool:
        return self._interrupt is not None and self._interrupt[0] is Interrupt.LOST

    def check(self) -> None:
        """Raise if there is a reason not to go on."""
        if self._interrupt is not None:
            raise InterruptError(*self._interrupt)
        if self._is_shutting_down():
            raise InterruptError(Interrupt.SHUTDOWN)

    def pause(self, seconds: float) -> None:
        """Sleep, but wake for a reason not to go on."""
        until = time.monotonic() + seconds
        self.check()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(NAP_SECONDS, left))
            self.check()

    def linger(self, seconds: float) -> None:
        """The pause for last words (fail, release, ask): only a lost lease or a long goodbye ends it."""
        if self.is_lost:
            self.check()
        if self._is_shutting_down():
            self._goodbye_until = self._goodbye_until or time.monotonic() + GOODBYE_SECONDS
            if time.monotonic() > self._goodbye_until:
                raise InterruptError(Interrupt.SHUTDOWN, "the server did not answer the goodbye")
        time.sleep(min(seconds, 1.0))

    def tell(self, message: str, progress: int | None = None) -> None:
        """What the next heartbeat reports."""
        self.message = message
        if progress is not None:
            self.progress = progress
