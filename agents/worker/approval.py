"""The risky step: say exactly what would be done, and later do exactly that, once, if a person said yes."""

import hashlib
import hmac
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from agents.worker.errors import RefusedError
from agents.worker.jcs import CanonicalError, canonical, digest
from agents.worker.plan import Step
from agents.worker.protocol import Claim, Grant

PRE_EXECUTION = "pre_execution"
QUESTION = "question"
NEW_FILE = re.compile(rb"^\+\+\+ ([^\t\n]+)", re.MULTILINE)
WHY_RISKY = "This changes files and commits, so a person decides. The whole difference is in this attempt's run log."

Action = dict[str, object]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a preview's unified diff."""

    path: str
    diff_sha256: str
    added: int
    removed: int


def read_diff(diff: bytes) -> list[FileChange]:
    """The files of a unified diff, by name, so that a tool's own order does not matter."""
    starts = [match.start() for match in re.finditer(rb"^--- .*\n\+\+\+ ", diff, re.MULTILINE)]
    blocks = [diff[start:end] for start, end in itertools.pairwise([*starts, len(diff)])]
    return sorted((_file_change(block) for block in blocks), key=lambda change: change.path)


def _file_change(block: bytes) -> FileChange:
    match = NEW_FILE.search(block)
    path = match.group(1).decode("utf-8", errors="replace").strip() if match else ""
    body = block.split(b"\n")[2:]
    return FileChange(
        path=path.removeprefix("b/"),
        diff_sha256=hashlib.sha256(block).hexdigest(),
        added=sum(line.startswith(b"+") for line in body),
        removed=sum(line.startswith(b"-") for line in body),
    )


def build_action(claim: Claim, step: Step, commit: str, files: list[FileChange]) -> Action:
    """Facts only: the same clone and the same configuration give the same action."""
    return {
        "command": step.command.name,
        "argv": list(step.argv),
        "then": "commit in the scratch clone",
        "commit_message": step.command.commit_message,
        "repository": claim.repository,
        "branch": claim.branch,
        "commit": commit,
        "files": {file.path: f"+{file.added} -{file.removed}" for file in files},
        "diff_sha256": digest([[file.path, file.diff_sha256] for file in files]),
        "why": WHY_RISKY,
    }


def build_continuation(claim: Claim, step: Step) -> Action:
    """What a yes to the server's `ask` allows: to run this command after all."""
    return {"command": step.command.name, "argv": list(step.argv), "then": "go on", "repository": claim.repository}


def build_question(step: Step, action: Action, commit: str, files: list[FileChange]) -> dict[str, object]:
    """The request's body."""
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    return {
        "kind": PRE_EXECUTION,
        "question": f"Run `{' '.join(step.argv)}` and commit {len(files)} changed "
        f"file{'s' * (len(files) != 1)} (+{added} -{removed} lines)?",
        "action": action,
        "target_commit": commit,
        "options": _options("Run it", "Do not run it"),
    }


def build_server_question(step: Step, action: Action, notes: str) -> dict[str, object]:
    """Raised because the server asked for it, with the reason it gave."""
    return {
        "kind": QUESTION,
        "question": f"May `{' '.join(step.argv)}` go on? The server asks: {notes or 'no reason given'}",
        "action": action,
        "options": _options("Go on", "Leave it"),
    }


def _options(yes: str, no: str) -> list[dict[str, object]]:
    return [
        {"key": "approve", "label": yes, "action": "approve", "effect": "the task is claimed again and this is done"},
        {"key": "reject", "label": no, "action": "reject", "effect": "this is not done"},
    ]


def find_grant(claim: Claim, kind: str, command: str) -> Grant | None:
    """The newest answer about this command: ids are UUIDv7, so the greatest is the newest."""
    fitting = [grant for grant in claim.grants if grant.kind == kind and grant.action.get("command") == command]
    return max(fitting, key=lambda grant: grant.id, default=None)


def check_grant(grant: Grant, claim: Claim, action: Mapping[str, object], commit: str | None) -> None:
    """RefusedError unless a person approved exactly this action, for this task, at this commit."""
    if grant.status != "approved":
        comment = f" ({grant.comment})" if grant.comment else ""
        raise RefusedError(
            f"the approval was {grant.status}{comment}; this worker only does what was approved unchanged"
        )
    bound = {
        "task": claim.task_id, "action": grant.action, "target_commit": grant.target_commit, "nonce": grant.nonce,
    }  # fmt: skip
    try:
        if not hmac.compare_digest(digest(bound), grant.digest):
            raise RefusedError("the approval's digest does not belong to its action: nothing was done")
        if grant.target_commit != commit:
            raise RefusedError(f"approved at commit {grant.target_commit}, but the branch is now at {commit}")
        if canonical(grant.action) != canonical(action):
            raise RefusedError("what would be done now is not what was approved: nothing was done")
    except CanonicalError as error:
        raise RefusedError(f"the approved action cannot be checked: {error}") from error
