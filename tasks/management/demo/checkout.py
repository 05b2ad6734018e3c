"""What the demo needs to know about the repository that it works on."""

import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.core.management.base import CommandError

OWN_PACKAGE = "agents/worker"
MOST_TESTS = 3


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git repository, and which parts of it each task is about. An empty list means: all of it."""

    path: Path
    branch: str
    commit: str
    short_tests: list[str]
    long_tests: list[str]
    package: list[str]
    wide_package: list[str]


def look_at(path: Path) -> Checkout:
    """Find branch, commit and Python files. Raises `CommandError` where there is nothing to clone."""
    root = Path(git(path, "rev-parse", "--show-toplevel"))
    branch = git(root, "rev-parse", "--abbrev-ref", "HEAD")
    if branch == "HEAD":
        raise CommandError(f"{root} has no branch checked out; check one out, so that agents can clone it.")
    files = git(root, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    return Checkout(root, branch, git(root, "rev-parse", "HEAD"), *parts(files))


def parts(files: list[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Choose small tests, long tests, a package to check and a wider part to scan."""
    tests = [name for name in files if is_test(name)]
    if f"{OWN_PACKAGE}/loop.py" in files:
        # Our own worker's tests need neither Django nor a database, so they run in any clone.
        own = [name for name in tests if PurePosixPath(name).name.startswith("test_worker_")]
        short = [name for name in own if name.endswith("_parts.py")]
        return (
            short,
            [name for name in own if name.endswith("_attempt.py")],
            [OWN_PACKAGE],
            ["agents", "projects", "accounts"],
        )
    package = biggest_folder([name for name in files if name.endswith(".py") and not is_test(name)])
    return tests[:1], tests[:MOST_TESTS], package, package


def is_test(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix == ".py" and (path.stem.startswith("test_") or path.stem.endswith("_test"))


def biggest_folder(files: list[str]) -> list[str]:
    """Return the top folder with the most of these files."""
    folders = Counter(PurePosixPath(name).parts[0] for name in files if "/" in name)
    return [folders.most_common(1)[0][0]] if folders else []


def git(folder: Path, *arguments: str) -> str:
    """Ask git, also about a checkout that belongs to another account: asking runs nothing of it."""
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode:
        raise CommandError(f"{folder} is not a git checkout with a commit: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
