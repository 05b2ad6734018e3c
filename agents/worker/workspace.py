"""One attempt's working copy: a fresh clone in a folder of its own, and what git says about it."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from agents.worker.config import WorkerConfig
from agents.worker.control import Control
from agents.worker.errors import RefusedError, WorkspaceError
from agents.worker.protocol import Claim
from agents.worker.runner import Finished, Limits, run_command

CLONE_LIMITS = Limits(seconds=600, output_bytes=10_000_000)
# Remote helpers such as ext:: run commands that the URL names; only real transports are allowed.
TRANSPORTS = "file:https:http:ssh"
SCP_LIKE = re.compile(r"[\w.-]+@[\w.-]+:[^:]")
# The clone's own configuration was within the reach of the command that ran in it.
HARMLESS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false")


class Workspace:
    """`root` is the clone; `output` collects what the commands print, for the run log."""

    def __init__(self, folder: Path, claim: Claim, config: WorkerConfig, control: Control) -> None:
        self._folder = folder
        self._claim = claim
        self._config = config
        self._control = control
        self.root = folder / "repository"
        self.output = folder / "output.log"
        self.commit = ""
        self.output.touch()
        for name in ("home", "tmp"):
            (folder / name).mkdir()

    def clone(self) -> None:
        """At the tip of the branch the project works on."""
        url = allowed_repository(self._claim.repository, self._config.repositories)
        # The source may belong to another account of this host; the clone made from it is ours.
        (self._folder / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
        branch = ["--branch", self._claim.branch] if self._claim.branch else []
        # No hard links to the source's objects: a command must not be able to reach into the source.
        arguments = ["clone", "--quiet", "--no-local", "--single-branch", *branch, "--", url, str(self.root)]
        self._git(*arguments, folder=self._folder, extra=self._config.git_environment)
        self.commit = self._git("rev-parse", "HEAD").strip()

    def run(
        self,
        argv: Iterable[str],
        limits: Limits,
        extra: Mapping[str, str],
        *,
        output: Path | None = None,
        on_start: Callable[[], None] = lambda: None,
    ) -> Finished:
        """A command in the clone, in a small environment; its errors always go to the run log."""
        return run_command(
            list(argv),
            folder=self.root,
            environment=self.environment(extra),
            output=output or self.output,
            errors=self.output,
            limits=limits,
            control=self._control,
            on_start=on_start,
        )

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """Built from nothing: what this process was started with, the token above all, stays here."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder / "tmp"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._folder / "gitconfig"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": TRANSPORTS,
            **self._config.environment,
            **extra,
        }

    def which(self, program: str, extra: Mapping[str, str]) -> str | None:
        """Where a command's program is, seen as the command would see it."""
        return shutil.which(program, path=self.environment(extra)["PATH"])

    def scratch_file(self, name: str) -> Path:
        """An empty file outside the clone."""
        path = self._folder / name
        path.write_bytes(b"")
        return path

    def changed_files(self) -> list[str]:
        """Every path that differs from the commit, new ones included."""
        listing = self._git("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
        return sorted(entry[3:] for entry in listing.split("\0") if entry)

    def commit_all(self, paths: Iterable[str], message: str) -> str:
        """Commit exactly these paths in the clone; the new commit's hash."""
        author = ("-c", f"user.name={self._config.author_name}", "-c", f"user.email={self._config.author_email}")
        self._git("add", "--", *paths)
        self._git(*author, "commit", "--quiet", "--no-verify", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def show_stat(self, commit: str) -> str:
        return self._git("show", "--stat", "--format=fuller", commit)

    def _git(self, *arguments: str, folder: Path | None = None, extra: Mapping[str, str] | None = None) -> str:
        output, errors = self.scratch_file("git.out"), self.scratch_file("git.err")
        finished = run_command(
            ["git", *HARMLESS, *arguments],
            folder=folder or self.root,
            environment=self.environment(extra or {}),
            output=output,
            errors=errors,
            limits=CLONE_LIMITS,
            control=self._control,
        )
        if finished.ending != "exit" or finished.exit_code != 0:
            complaint = errors.read_text(errors="replace").strip()[-500:]
            raise WorkspaceError(f"git {arguments[0]} failed ({finished.ending}, {finished.exit_code}): {complaint}")
        return output.read_text(encoding="utf-8", errors="surrogateescape")


def allowed_repository(url: str, allowed: tuple[str, ...]) -> str:
    """The URL, if it is one that git may be given and this worker's owner has not left it out."""
    is_known = url.startswith(("/", "file:///", "https://", "http://", "ssh://")) or SCP_LIKE.match(url)
    if not is_known or any(ord(character) < 32 for character in url):
        raise RefusedError(f"the project's repository {url!r} is not a path or URL that this worker clones")
    if allowed and not any(_is_under(url, prefix) for prefix in allowed):
        raise RefusedError(f"the project's repository {url!r} is not among those this worker is configured for")
    return url


def _is_under(url: str, prefix: str) -> bool:
    """A prefix covers itself and what is below it, and no way back up."""
    base = prefix.rstrip("/")
    return url == base or (url.startswith(f"{base}/") and ".." not in url.split("/"))
