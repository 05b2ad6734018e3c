"""`manage.py demo`: three agents do real work on a real repository, a person approves, two accidents happen."""

import os
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from agents.worker.errors import ApiError, UnreachableError
from tasks.management.demo.checkout import Checkout, look_at
from tasks.management.demo.crew import ROOT, Crew
from tasks.management.demo.play import Play, page
from tasks.management.demo.remote import Remote
from tasks.management.demo.stage import Stage, set_up
from tasks.management.demo.summary import read_rows, table


class Command(BaseCommand):
    help = "Watch three agents do real work on a git checkout, and approve the risky part of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repo", default=os.environ.get("REPO") or str(ROOT), help="A git checkout to work on.")
        parser.add_argument("--approve", action="store_true", help="Approve in the reviewer's name, unattended.")
        parser.add_argument("--wait", type=float, default=600, help="Seconds to wait for the reviewer (600).")

    def handle(self, *args: Any, **options: Any) -> None:
        checkout = look_at(Path(options["repo"]).expanduser().resolve())
        stage = set_up(checkout)
        self.introduce(checkout, stage)
        # The supervisor ends its children with SIGTERM: leave as politely as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self.conclude(stage, self.perform(stage, options))
        except KeyboardInterrupt:
            self.say("demo", "interrupted; the agents gave their tasks back")
            sys.exit(128 + signal.SIGINT)
        except (ApiError, UnreachableError) as error:
            raise CommandError(f"The product does not answer as expected: {error}") from error

    def perform(self, stage: Stage, options: Mapping[str, Any]) -> Play:
        """Let it happen. Whatever comes, no agent stays behind."""
        tokens = {name: agent.token for name, agent in stage.agents.items()}
        with tempfile.TemporaryDirectory(prefix="countermark-demo-") as folder:
            crew = Crew(Path(folder), settings.PUBLIC_URL, str(stage.project.id), tokens)
            play = Play(stage, crew, self.say, approve=options["approve"], wait_seconds=options["wait"])
            try:
                play.run()
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                crew.end()
                signal.signal(signal.SIGINT, signal.default_int_handler)
        return play

    def introduce(self, checkout: Checkout, stage: Stage) -> None:
        self.stdout.write(
            f"\nThree agents work on {checkout.path} ({checkout.branch} at {checkout.commit[:12]}).\n"
            f"\nWatch it at    {page('task-board', stage.project.slug)}\n"
            f"Sign in at     {settings.PUBLIC_URL.rstrip('/')}{reverse('accounts:sign-in')}\n"
        )
        people = ((stage.engineer, "owns the project and its agents"), (stage.reviewer, "approves"))
        for person, part in people:
            self.stdout.write(f"  {person.user.email}  password {person.password}  {part}")
        self.stdout.write("")

    def say(self, who: str, what: str) -> None:
        self.stdout.write(f"{time.strftime('%H:%M:%S')}  {who:<14}{what}")
        self.stdout.flush()

    def conclude(self, stage: Stage, play: Play) -> None:
        play.look()
        remote = Remote(settings.PUBLIC_URL, stage.engineer.token)
        names = {agent.id: agent.name for agent in stage.agents.values()}
        self.stdout.write("\n" + "\n".join(table(read_rows(remote, play.tasks, names))) + "\n")
        for line in play.late_results:
            self.stdout.write(f"Late result of the {line.agent} on {line.task}: refused (409) and kept in quarantine.")
        for question in play.unanswered:
            self.stdout.write(f"Still open: {question.task} waits for the reviewer: {page('approval', question.id)}")
        self.stdout.write(f"\nBoard   {page('task-board', stage.project.slug)}\nInbox   {page('inbox')}")
        for task in play.tasks:
            self.stdout.write(f"{task['key']:<7} {page('task', task['id'])}")
        self.stdout.write("")
