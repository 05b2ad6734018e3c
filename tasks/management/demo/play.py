"""The demo as it runs: listen to the agents, let the accidents happen, wait for the person, know the end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from tasks.management.demo.accidents import Killed, Suspended
from tasks.management.demo.crew import Crew, Line
from tasks.management.demo.remote import Remote
from tasks.management.demo.script import AGENTS, KILLED, SUSPENDED
from tasks.management.demo.stage import Stage

LISTEN_SECONDS = 0.25
LOOK_SECONDS = 1.0
# Enough for the slowest machine to do the work itself; waiting for a person comes on top.
WORK_SECONDS = 600.0
APPROVE_AFTER_SECONDS = 3.0
FINAL = frozenset({"closed", "blocked", "in_review"})
SHOWN = frozenset(
    {"running", "evidence", "asked", "redeemed", "committed", "completed", "failed", "interrupted", "late", "released"}
    | {"trouble", "not_admitted"}
)

Say = Callable[[str, str], None]


def page(name: str, *arguments: object) -> str:
    """Return the address of a page."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(f'tasks:{name}', args=arguments)}"


@dataclass
class Question:
    """An approval that the demo saw an agent ask for."""

    id: str
    task: str
    asked: float
    is_answered: bool = False


class Play:
    """One run."""

    def __init__(self, stage: Stage, crew: Crew, say: Say, *, approve: bool, wait_seconds: float) -> None:
        self._stage = stage
        self._crew = crew
        self._say = say
        self._approve = approve
        self._wait_seconds = wait_seconds
        self._engineer = Remote(settings.PUBLIC_URL, stage.engineer.token)
        self._reviewer = Remote(settings.PUBLIC_URL, stage.reviewer.token)
        self._questions: list[Question] = []
        suspended = Suspended(stage.keys[SUSPENDED], crew, say)
        crew.eavesdrop = suspended.strike
        self._accidents: list[Killed | Suspended] = [Killed(stage.keys[KILLED], crew, say), suspended]
        self.late_results: list[Line] = []
        self.tasks: list[dict[str, Any]] = []

    def run(self) -> None:
        """Until nothing more can happen, or a person did not come."""
        for agent in AGENTS:
            self._crew.start(agent)
        until, looked = time.monotonic() + WORK_SECONDS + self._wait_seconds, 0.0
        while time.monotonic() < until and self._crew.living:
            for line in self._crew.listen(LISTEN_SECONDS):
                self._hear(line)
            for accident in self._accidents:
                accident.act()
            if time.monotonic() > looked + LOOK_SECONDS:
                looked = time.monotonic()
                self.look()
                self._answer()
                if self._is_over():
                    return

    def look(self) -> None:
        """How the tasks stand, as the engineer sees it."""
        self.tasks = self._engineer.list("tasks/", project=str(self._stage.project.id), ordering="id")
        standing = {task["key"]: task["status"] for task in self.tasks}
        for role, accident in zip((KILLED, SUSPENDED), self._accidents, strict=True):
            if standing.get(self._stage.keys[role]) in FINAL and not accident.is_over:
                accident.give_up()

    def _hear(self, line: Line) -> None:
        if line.event in SHOWN:
            self._say(line.worker, f"{line.task} {line.message}".strip())
        if line.event == "late":
            self.late_results.append(line)
        if line.event == "asked":
            self._questions.append(Question(line.facts["approval"], line.task, time.monotonic()))
            self._invite(self._questions[-1])
        for accident in self._accidents:
            accident.hear(line)

    def _invite(self, question: Question) -> None:
        if not self._approve:
            minutes = self._wait_seconds / 60
            self._say("demo", f"{question.task} waits for the reviewer, at most {minutes:.0f} min:")
            self._say("demo", f"    {page('approval', question.id)}")

    def _answer(self) -> None:
        """In the reviewer's name, where nobody is there to do it."""
        for question in self._questions:
            is_due = time.monotonic() > question.asked + APPROVE_AFTER_SECONDS
            if self._approve and is_due and not question.is_answered:
                question.is_answered = True
                shown = self._reviewer.get(f"approvals/{question.id}/")
                body = {"action": "approve", "comment": "Approved by make demo --approve.", "digest": shown["digest"]}
                self._reviewer.post(f"approvals/{question.id}/respond/", body)
                self._say("demo", f"approved {question.task} in the reviewer's name (--approve)")

    @property
    def unanswered(self) -> list[Question]:
        """Approvals whose tasks still wait."""
        waiting = {task["key"] for task in self.tasks if task["status"] not in FINAL}
        return [question for question in self._questions if question.task in waiting]

    def _is_over(self) -> bool:
        open_keys = {task["key"] for task in self.tasks if task["status"] not in FINAL}
        return open_keys <= self._given_up() and all(accident.is_over for accident in self._accidents)

    def _given_up(self) -> set[str]:
        """Tasks whose person did not come in time."""
        now = time.monotonic()
        return {question.task for question in self._questions if now > question.asked + self._wait_seconds}
