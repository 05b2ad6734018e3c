"""What a finished command becomes: output as text, its digest, and the facts around it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from agents.worker.errors import WorkspaceError
from agents.worker.plan import Step
from agents.worker.protocol import Claim, Criterion
from agents.worker.runner import Finished, Limits
from agents.worker.workspace import Workspace

VERSION_LIMITS = Limits(seconds=30, output_bytes=100_000)


@dataclass(frozen=True, slots=True)
class Output:
    """The end of what a command printed."""

    text: str
    total_bytes: int
    cut_bytes: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_output(path: Path, start: int, limit: int) -> Output:
    """From `start` on, at most the last `limit` bytes; a cut is said in the text itself."""
    with path.open("rb") as file:
        total = file.seek(0, 2) - start
        cut = max(total - limit, 0)
        file.seek(start + cut)
        # PostgreSQL's text has no NUL, and bytes that are no UTF-8 cannot be JSON.
        text = file.read(limit).decode("utf-8", errors="replace").replace("\0", "\ufffd")
    if cut:
        text = f"[the first {cut} bytes are cut here; the run log has them]\n{text}"
    return Output(text, total, cut)


def tool_version(workspace: Workspace, step: Step) -> str:
    """The first line of the tool's own answer without its name, or what went wrong instead."""
    answer = workspace.scratch_file("version.out")
    finished = workspace.run(step.command.version, VERSION_LIMITS, step.command.environment, output=answer)
    lines = answer.read_text(errors="replace").strip().splitlines()
    if not lines or finished.exit_code != 0:
        return f"unknown (exit code {finished.exit_code})"
    return lines[0].removeprefix(f"{step.command.tool} ")[:200]


def matching_criterion(claim: Claim, step: Step) -> Criterion | None:
    """The criterion that asks for this very command, by its name or by its argv."""
    wanted = (step.command.name, list(step.argv))
    for criterion in claim.criteria:
        if criterion.kind == "command_exit" and criterion.parameters.get("command") in wanted:
            return criterion
    return None


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that ran, and everything its evidence says."""

    step: Step
    finished: Finished
    output: Output
    version: str
    commit: str
    extra: dict[str, object]

    @property
    def summary(self) -> str:
        outcome = f"exit code {self.finished.exit_code}"
        if self.finished.ending != "exit":
            outcome = f"ended by the {self.finished.ending}"
        return f"{self.step.command.name}: {outcome} in {self.finished.duration_ms / 1000:.1f} s"

    def facts(self) -> dict[str, object]:
        return {
            "command_name": self.step.command.name,
            "command": list(self.step.argv),
            "exit_code": self.finished.exit_code,
            "ending": self.finished.ending,
            "tool": self.step.command.tool,
            "tool_version": self.version,
            "commit": self.commit,
            "duration_ms": self.finished.duration_ms,
            "output_bytes": self.output.total_bytes,
            "output_cut_bytes": self.output.cut_bytes,
            **self.extra,
        }

    def evidence(self, claim: Claim) -> dict[str, object]:
        """The request's body."""
        body: dict[str, object] = {
            "source_type": self.step.command.source_type,
            "title": f"{self.step.command.name}: exit code {self.finished.exit_code}",
            "description": f"Output of {' '.join(self.step.argv)}"[:1000],
            "content": self.output.text,
            "content_sha256": self.output.sha256,
            "data": {**self.facts(), "repository": claim.repository, "branch": claim.branch},
        }
        if criterion := matching_criterion(claim, self.step):
            body["criterion"] = criterion.id
        return body


def start_of_next_output(workspace: Workspace, heading: str) -> int:
    """Write a heading into the run log; where the output after it starts."""
    try:
        with workspace.output.open("ab") as file:
            file.write(f"\n$ {heading}\n".encode())
            return file.tell()
    except OSError as error:
        raise WorkspaceError(f"the output file cannot be written: {error}") from error
