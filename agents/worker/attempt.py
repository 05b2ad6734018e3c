"""One attempt, from the clone to the last call: done, parked, given back, failed or lost."""

import dataclasses
import enum
from collections.abc import Callable

from agents.worker.approval import (
    PRE_EXECUTION,
    QUESTION,
    FileChange,
    build_action,
    build_continuation,
    build_question,
    build_server_question,
    check_grant,
    find_grant,
    read_diff,
)
from agents.worker.config import WorkerConfig
from agents.worker.control import Control, Interrupt, InterruptError
from agents.worker.errors import ApiError, ProtocolError, RefusedError, UnreachableError, WorkspaceError
from agents.worker.evidence import StepResult, read_output, start_of_next_output, tool_version
from agents.worker.lease import Lease
from agents.worker.plan import Step, plan_steps
from agents.worker.protocol import Claim, Grant
from agents.worker.report import Report
from agents.worker.runlog import RunLog
from agents.worker.runner import Finished, Limits
from agents.worker.workspace import Workspace

CONTRACT_NOT_MET = "contract_not_met"
# A preview in the manner of `diff`: 0 says nothing differs, 1 says something does.
PREVIEW_ANSWERS = (0, 1)


class Outcome(enum.StrEnum):
    """How an attempt ended, for the worker's log."""

    COMPLETED = "completed"
    FAILED = "failed"
    PARKED = "parked"
    RELEASED = "released"
    LOST = "lost"


class ParkedError(Exception):
    """A person was asked; the task is no longer ours."""


class Attempt:
    """Holds nothing beyond its claim: what a later attempt needs, it gets with its own claim."""

    def __init__(
        self,
        claim: Claim,
        *,
        config: WorkerConfig,
        lease: Lease,
        control: Control,
        workspace: Workspace,
        run_log: RunLog,
        report: Report,
    ) -> None:
        self._claim = claim
        self._config = config
        self._lease = lease
        self._control = control
        self._workspace = workspace
        self._run_log = run_log
        self._report = report
        self._steps: list[Step] = []
        self._results: list[StepResult] = []

    def run(self) -> Outcome:
        """Every way out tells the server, unless the server already took the task away."""
        try:
            return self._until_lost()
        except InterruptError as interrupted:
            return self._leave(interrupted)
        except (UnreachableError, ApiError, ProtocolError) as error:
            self._say("trouble", f"the last call failed ({error}); the lease will run out")
            return Outcome.LOST

    def _until_lost(self) -> Outcome:
        try:
            self._work()
            return self._deliver()
        except ParkedError:
            return Outcome.PARKED
        except RefusedError as refused:
            return self._fail(str(refused), retryable=False)
        except InterruptError:
            raise
        except (WorkspaceError, ApiError, ProtocolError, OSError) as error:
            return self._fail(str(error), retryable=True)
        except Exception as error:
            # A fault of ours must neither end the worker nor leave the task waiting for the lease to run out.
            return self._fail(f"the worker failed: {type(error).__name__}: {error}", retryable=True)

    # --- the work ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        self._control.tell("cloning")
        self._workspace.clone()
        self._steps = plan_steps(self._claim, self._config.commands, self._workspace.root)
        self._say("cloned", f"clone at {self._workspace.commit[:12]}, {len(self._steps)} step(s)")
        for number, step in enumerate(self._steps):
            if self._control.wrap_up and number:
                break
            self._control.check()
            self._control.tell(f"running {step.command.name}", 100 * number // len(self._steps))
            self._results.append(self._run_step(step))

    def _run_step(self, step: Step) -> StepResult:
        if self._workspace.which(step.argv[0], step.command.environment) is None:
            raise RefusedError(f"{step.argv[0]}, which {step.command.name} needs, is not installed on this host")
        if grant := find_grant(self._claim, QUESTION, step.command.name):
            self._redeem(grant, build_continuation(self._claim, step), None)
        return self._risky_step(step) if step.command.approval else self._plain_step(step)

    def _plain_step(self, step: Step) -> StepResult:
        version = tool_version(self._workspace, step)
        start, finished = self._execute(step, step.argv)
        return self._result(step, version, start, finished, self._workspace.commit, {})

    def _execute(self, step: Step, argv: tuple[str, ...]) -> tuple[int, Finished]:
        """Run it with its output in the run log; where that output starts."""
        start = start_of_next_output(self._workspace, " ".join(argv))
        limits = Limits(step.command.time_limit, start + step.command.output_limit)
        finished = self._workspace.run(
            argv, limits, step.command.environment, on_start=lambda: self._say("running", " ".join(argv))
        )
        self._say("ended", f"{step.command.name} ended with exit code {finished.exit_code} ({finished.ending})")
        return start, finished

    def _result(
        self, step: Step, version: str, start: int, finished: Finished, commit: str, extra: dict[str, object]
    ) -> StepResult:
        output = read_output(self._workspace.output, start, self._config.evidence_bytes)
        return StepResult(step, finished, output, version, commit, extra)

    # --- the risky step ---------------------------------------------------------------------------------------------

    def _risky_step(self, step: Step) -> StepResult:
        version = tool_version(self._workspace, step)
        start, finished, files = self._preview(step)
        grant = find_grant(self._claim, PRE_EXECUTION, step.command.name)
        if not files and grant is None:
            looked = dataclasses.replace(step, argv=step.preview)
            note: dict[str, object] = {"note": "the preview finds nothing to change, so nothing was run"}
            return self._result(looked, version, start, finished, self._workspace.commit, note)
        action = build_action(self._claim, step, self._workspace.commit, files)
        if grant is None:
            self._ask(build_question(step, action, self._workspace.commit, files))
        else:
            self._redeem(grant, action, self._workspace.commit)
        return self._act(step, version, files)

    def _preview(self, step: Step) -> tuple[int, Finished, list[FileChange]]:
        start = start_of_next_output(self._workspace, " ".join(step.preview))
        diff = self._workspace.scratch_file("preview.out")
        limits = Limits(step.command.time_limit, step.command.output_limit)
        finished = self._workspace.run(step.preview, limits, step.command.environment, output=diff)
        with self._workspace.output.open("ab") as log:
            log.write(diff.read_bytes())
        if finished.ending != "exit" or finished.exit_code not in PREVIEW_ANSWERS:
            raise RefusedError(f"the preview of {step.command.name} ended with exit code {finished.exit_code}")
        if self._workspace.changed_files():
            raise RefusedError(f"the preview of {step.command.name} changed the working copy; it may only look")
        return start, finished, read_diff(diff.read_bytes())

    def _act(self, step: Step, version: str, files: list[FileChange]) -> StepResult:
        start, finished = self._execute(step, step.argv)
        changed = self._workspace.changed_files()
        if finished.exit_code != 0 or finished.ending != "exit":
            return self._result(step, version, start, finished, self._workspace.commit, {"committed": False})
        if changed != [file.path for file in files]:
            raise RefusedError(f"other files changed than were approved ({', '.join(changed)[:300]}): not committed")
        commit = self._workspace.commit_all(changed, step.command.commit_message)
        with self._workspace.output.open("ab") as log:
            log.write(self._workspace.show_stat(commit).encode("utf-8", errors="replace"))
        self._say("committed", f"committed {len(changed)} file(s) as {commit[:12]}")
        extra: dict[str, object] = {"committed": True, "new_commit": commit, "changed_files": changed}
        return self._result(step, version, start, finished, self._workspace.commit, extra)

    def _redeem(self, grant: Grant, action: dict[str, object], commit: str | None) -> None:
        """The last thing before acting: after a yes here, the same yes is worth nothing any more."""
        check_grant(grant, self._claim, action, commit)
        try:
            self._lease.redeem(grant.id, grant.digest)
        except ApiError as error:
            raise RefusedError(f"the approval was not honoured ({error}): nothing was done") from error
        self._say("redeemed", "the approval was redeemed")

    def _ask(self, question: dict[str, object]) -> None:
        """Park the task until a person answers."""
        self._run_log.finish()
        approval = self._lease.ask(question)
        self._say("asked", f"asked a person ({question['kind']}), task parked", approval=str(approval.get("id", "")))
        raise ParkedError

    # --- handing in -------------------------------------------------------------------------------------------------

    def _deliver(self) -> Outcome:
        try:
            return self._hand_in()
        except InterruptError as interrupted:
            if interrupted.kind is not Interrupt.LOST:
                raise
            return self._offer_late(interrupted)

    def _hand_in(self) -> Outcome:
        self._control.tell("handing in", 100 * len(self._results) // max(len(self._steps), 1))
        self._run_log.finish()
        for result in self._results:
            answer = self._lease.hand_in(result.evidence(self._claim))
            self._say("evidence", f"evidence handed in: {result.summary}", evidence=str(answer.get("id", "")))
        if cut := next((result for result in self._results if result.finished.ending != "exit"), None):
            return self._fail(cut.summary, retryable=True)
        try:
            answer = self._lease.complete(self._report_of_work(), self._summary())
        except ApiError as error:
            if error.code != CONTRACT_NOT_MET:
                raise
            return self._fail(self._unmet(error), retryable=False)
        self._say("completed", f"completed; the task is {answer.get('task_status', 'in the server hands')}")
        return Outcome.COMPLETED

    def _unmet(self, error: ApiError) -> str:
        reasons = [f"{item.get('title', 'a criterion')}: {item.get('reason', 'not met')}" for item in error.items]
        skipped = len(self._steps) - len(self._results)
        if skipped:
            reasons.append(f"{skipped} step(s) were left out because the server asked to wrap up")
        return "contract not met: " + "; ".join(reasons)

    def _report_of_work(self) -> dict[str, object]:
        return {
            "commit": self._workspace.commit,
            "steps": [{**result.facts(), "output_sha256": result.output.sha256} for result in self._results],
        }

    def _summary(self) -> str:
        return "; ".join(result.summary for result in self._results)

    # --- leaving early ----------------------------------------------------------------------------------------------

    def _fail(self, error: str, *, retryable: bool) -> Outcome:
        error = error or "no reason was given"
        self._say("failed", f"{'failed' if retryable else 'blocked'}: {error}")
        self._send_rest_of_log()
        self._lease.fail(error, retryable=retryable)
        return Outcome.FAILED

    def _leave(self, interrupted: InterruptError) -> Outcome:
        self._say("interrupted", str(interrupted))
        leave: dict[Interrupt, Callable[[str], Outcome]] = {
            Interrupt.LOST: lambda detail: Outcome.LOST,
            Interrupt.SHUTDOWN: self._release,
            Interrupt.ASK: self._ask_for_server,
            Interrupt.STOP: self._stop,
        }
        try:
            return leave[interrupted.kind](interrupted.detail)
        except InterruptError as again:
            self._say("interrupted", str(again))
            return Outcome.LOST

    def _offer_late(self, interrupted: InterruptError) -> Outcome:
        """The work is done, so it is shown once: the server refuses it and keeps it for a person to judge."""
        status = self._lease.offer_late(self._report_of_work(), self._summary())
        self._say("late", f"{interrupted.kind.value}; the finished result was offered late and answered with {status}")
        return Outcome.LOST

    def _release(self, detail: str) -> Outcome:
        self._lease.release()
        self._say("released", "task given back")
        return Outcome.RELEASED

    def _stop(self, notes: str) -> Outcome:
        self._lease.fail(f"stopped by the server's directive: {notes or 'no reason given'}", retryable=True)
        return Outcome.FAILED

    def _ask_for_server(self, notes: str) -> Outcome:
        """Ask about the step that was running, or about the first if none had started."""
        if not self._steps:
            return self._release(notes)
        step = self._steps[min(len(self._results), len(self._steps) - 1)]
        self._lease.ask(build_server_question(step, build_continuation(self._claim, step), notes))
        self._say("asked", "asked a person because the server wants it, task parked")
        return Outcome.PARKED

    def _send_rest_of_log(self) -> None:
        try:
            self._run_log.finish()
        except (InterruptError, UnreachableError) as error:
            self._say("log", f"the run log stays incomplete ({error})")

    def _say(self, event: str, message: str, **facts: str | int | None) -> None:
        self._report.say(event, message, task=self._claim.key, execution=self._claim.execution_id, **facts)
