"""From a fresh clone to a running command: make `.venv`, install what is pinned, hand over.

    python3 common/embedded/bootstrap.py [--dev] MODULE [ARGUMENT ...]

runs `python -m MODULE ARGUMENT ...` in the virtual environment. It is the only file that runs outside of it, so it
needs the standard library alone, and its syntax is kept old enough to explain itself to an old Python.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLER = "requirements-uv.txt"
RUN, DEVELOP = "requirements.txt", "requirements-dev.txt"


class BootstrapError(Exception):
    """What is missing, and what to do about it."""


def main(arguments: list[str]) -> None:
    """Prepare the environment, then become the command, so that signals reach it directly."""
    develop = arguments[:1] == ["--dev"]
    command = arguments[1:] if develop else arguments
    try:
        prepare(DEVELOP if develop else RUN)
    except BootstrapError as problem:
        sys.exit(f"countermark: {problem}")
    if command:
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", *command])  # same pid, same signals


def prepare(requirements: str) -> None:
    """Make the environment hold `requirements`. Does nothing where its stamp says that it does."""
    if sys.version_info < (3, 11):  # noqa: UP036  # this file meets the Pythons that the others never see
        raise BootstrapError(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.11"
        )
    if is_stamped(requirements):
        return
    with exclusive():
        if not is_stamped(requirements):
            say(f"installing {requirements} into .venv")
            started = time.monotonic()
            create_environment()
            install(requirements)
            stamp_file(requirements).write_text(fingerprint(requirements))
            say(f"installed in {time.monotonic() - started:.1f} s")


def say(message: str) -> None:
    print(f"countermark: {message}", flush=True)


# --- stamps: a hash of what was installed -----------------------------------------------------------------------------
def is_stamped(requirements: str) -> bool:
    """The development set contains the running one, so its stamp counts for both."""
    return PYTHON.exists() and any(
        stamp_file(name).exists() and stamp_file(name).read_text() == fingerprint(name)
        for name in {requirements, DEVELOP}
    )


def stamp_file(requirements: str) -> Path:
    return VENV / f".installed-{requirements}"


def fingerprint(requirements: str) -> str:
    content = b"".join((ROOT / name).read_bytes() for name in (RUN, requirements))
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Two commands in a fresh clone at once: the second one waits for the first one's environment."""
    lock = ROOT / ".data" / "bootstrap.lock"
    try:
        lock.parent.mkdir(mode=0o711, exist_ok=True)
        file = open(lock, "w")  # noqa: SIM115  # closed below
    except PermissionError as error:
        owner = "another user; was the product once started as root?"
        raise BootstrapError(f"{lock} cannot be written: {ROOT} or .data belongs to {owner}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- the environment ----------------------------------------------------------------------------------------------
def create_environment() -> None:
    """An environment of another or a removed Python is made anew; a half-made one is completed."""
    if is_usable():
        return
    if shutil.which("uv") is None and importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise BootstrapError(
            "this Python cannot make virtual environments (module ensurepip is missing).\n"
            f"  On Debian or Ubuntu:  apt-get install python3-venv   (or python{version}-venv)\n"
            "  Elsewhere: install uv, or choose another Python:  make PYTHON=/path/to/python3 run"
        )
    venv.create(VENV, clear=VENV.exists(), symlinks=True, with_pip=shutil.which("uv") is None)


def is_usable() -> bool:
    probe = "import sys; print(sys.version)"
    try:
        found = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return found.stdout.strip() == sys.version


# --- installing -----------------------------------------------------------------------------------------------------
def install(requirements: str) -> None:
    """By uv in seconds, or else by pip in minutes; both refuse a file whose hash is not the pinned one."""
    if install_by_uv(requirements):
        return
    say("uv is not available here: installing with pip, which takes a few minutes")
    if not (has_pip() and run(pip(requirements))):
        raise BootstrapError(f"could not install {requirements}: see the messages above, then run the command again.")


def install_by_uv(requirements: str) -> bool:
    # Every process of the product imports Django anew; with its code compiled in advance that takes half as long.
    target = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    target += ["--require-hashes", "-r", str(ROOT / requirements)]
    found = shutil.which("uv")
    if found and run([found, *target]):
        return True
    return has_pip() and run(pip(INSTALLER)) and run([str(PYTHON), "-m", "uv", *target])


def has_pip() -> bool:
    """An environment that a uv of this machine made has no pip yet."""
    if run([str(PYTHON), "-c", "import pip"], quiet=True):
        return True
    return importlib.util.find_spec("ensurepip") is not None and run([str(PYTHON), "-m", "ensurepip"], quiet=True)


def pip(requirements: str) -> list[str]:
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(ROOT / requirements)]
    return [str(PYTHON), "-m", "pip", "install", *options]


def run(command: list[str], *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
