"""What tests of pages look at."""

import re
from typing import Any

from tasks.services import append_log
from tests.work import PYTEST, acting, ask, complete, hand_in, make_task, started
from tests.world import World

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
SPOKEN_TIME = re.compile(r"(<time[^>]*>)[^<]*")


def body(answer: Any) -> str:
    """Return a page without what differs from one rendering to the next."""
    return SPOKEN_TIME.sub(r"\1", CSRF.sub("", answer.content.decode()))


class Scene:
    """A task in each state that a board shows, and the addresses of all pages about them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queued = make_task(world, title="not yet", required_capabilities=["elsewhere"])
        self.done, claim = started(world, PYTEST, title="went well")
        with acting(world, "agent"):
            append_log(claim=claim, offset=0, content=b"$ pytest\n\x1b[32m42 passed\x1b[0m\n")
        self.evidence = hand_in(world, claim)
        complete(world, claim)
        self.run_id = claim.execution_id
        self.waiting, claim = started(world, PYTEST, title="asks first")
        self.approval = ask(world, claim, question="May I apply the formatter?")

    @property
    def pages(self) -> dict[str, str]:
        return {
            "board": "/projects/countermark/board/",
            "task": f"/tasks/{self.done.id}/",
            "waiting": f"/tasks/{self.waiting.id}/",
            "log": f"/executions/{self.run_id}/log/",
            "output": f"/evidence/{self.evidence.id}/output/",
            "approval": f"/inbox/{self.approval.id}/",
        }

    @property
    def parts(self) -> dict[str, str]:
        return {
            "board": "/f/projects/countermark/board/",
            "task": f"/f/tasks/{self.done.id}/",
            "log": f"/f/executions/{self.run_id}/log/",
            "approval": f"/f/inbox/{self.approval.id}/",
        }
