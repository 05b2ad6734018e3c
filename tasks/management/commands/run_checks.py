"""`manage.py run_checks`: run the commands of a project's open gates on a checkout, and hand in what they said.

Each run is evidence with its output and exit code; the check passes or fails by that, whoever runs it.
"""

import subprocess
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from agents.models import Agent
from common.context import SYSTEM, Principal
from common.errors import DomainError
from common.tenancy import tenant_context
from evidence.models import SourceType
from evidence.services import About, submit_evidence
from projects.models import CheckKind, CheckState, GateCheck, GateStatus
from projects.services import record_check_run
from tasks.management.seed.play import find_tenant

TIME_LIMIT = 900  # seconds a command may take
KEPT = 200_000  # characters of its output, the end of it
TIMED_OUT = 124  # as timeout(1) says it


@dataclass(frozen=True, slots=True)
class Run:
    """What a command said."""

    exit_code: int
    output: str
    seconds: float


class Command(BaseCommand):
    help = "Run the commands of the open gates of a project, and record what they said."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="The project's key, AEP for example.")
        parser.add_argument("--tenant", default="ai-company", help="The tenant's name in addresses.")
        parser.add_argument("--checkout", type=Path, default=Path.cwd(), help="Where the commands run.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = find_tenant(options["tenant"])
        if tenant_id is None:
            raise CommandError(f"There is no tenant {options['tenant']}.")
        if not options["checkout"].is_dir():
            raise CommandError(f"{options['checkout']} is no folder.")
        checks = list(self.due(tenant_id, options["project"]))
        if not checks:
            self.stdout.write("No gate is open with a command to run.")
        for check in checks:
            self.conclude(tenant_id, check, options["checkout"])

    def due(self, tenant_id: UUID, key: str) -> list[GateCheck]:
        """Return the checks that have a command and stand between an open gate and its passing."""
        with tenant_context(tenant_id, actor=SYSTEM):
            return list(
                GateCheck.objects.filter(
                    gate__phase__plan__project__key=key,
                    gate__status=GateStatus.OPEN,
                    state__in=(CheckState.PENDING, CheckState.FAIL),
                )
                .exclude(kind=CheckKind.MANUAL)
                .exclude(command="")
                .select_related("gate__phase__plan")
                .order_by("gate__number", "ordinal")
            )

    def conclude(self, tenant_id: UUID, check: GateCheck, checkout: Path) -> None:
        """Run one check outside any transaction, then hand in the evidence and the verdict together."""
        self.stdout.write(f"{check.text}: {check.command}")
        run = run_command(check.command, checkout)
        try:
            with tenant_context(tenant_id, actor=SYSTEM):
                principal = owner_of(check)
            with tenant_context(tenant_id, actor=principal.actor):
                hand_in(check, principal, run)
        except DomainError as error:
            raise CommandError(f"{check.text}: {error.detail}") from error
        verdict = self.style.SUCCESS("pass") if run.exit_code == 0 else self.style.ERROR(f"fail ({run.exit_code})")
        self.stdout.write(f"  {verdict} in {run.seconds:.1f} s")


def owner_of(check: GateCheck) -> Principal:
    """Return the agent that owns the gate, as the one who runs its checks."""
    owner_id = check.gate.owner_agent_id
    if owner_id is None:
        raise CommandError(f"The gate {check.gate.name} has no agent that could run its checks.")
    agent: Agent = Agent.objects.select_related("owner").get(id=owner_id)
    return Principal(
        tenant_id=agent.tenant_id,
        user_id=agent.owner_id,
        agent_id=agent.id,
        label=str(agent),
        role=agent.owner.role,
        scopes=frozenset({"read", "work"}),
    )


def run_command(command: str, checkout: Path) -> Run:
    """Run a check's command in a shell at the root of the checkout; a command that takes too long fails."""
    started = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603  # a command that the plan names, on the checkout that the caller names
            ["bash", "-c", command],  # noqa: S607
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT,
            check=False,
        )
        code, raw = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        code, raw = TIMED_OUT, (error.stdout or b"") + f"\nEnded after {TIME_LIMIT} s.".encode()
    output = raw.decode(errors="replace").replace("\x00", "")[-KEPT:]
    return Run(code if code >= 0 else 128 - code, output, time.monotonic() - started)


def hand_in(check: GateCheck, principal: Principal, run: Run) -> None:
    evidence = submit_evidence(
        about=About(project_id=check.gate.phase.plan.project_id),
        source_type=SourceType.TOOL_OUTPUT,
        title=check.text[:500],
        content=run.output,
        data={"command": check.command, "exit_code": run.exit_code, "seconds": round(run.seconds, 1)},
        agent_id=principal.agent_id,
    )
    record_check_run(
        check=check, principal=principal, exit_code=run.exit_code, output=run.output, evidence_id=evidence.id
    )
