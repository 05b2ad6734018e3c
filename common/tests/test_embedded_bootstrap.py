"""From a fresh clone to an environment, without making one: tests/system does that for real."""

import sys
from pathlib import Path

import pytest

from common.embedded import bootstrap
from common.embedded.bootstrap import DEVELOP, RUN, BootstrapError


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    for name in (RUN, DEVELOP):
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


@pytest.fixture
def installed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was installed, in order; nothing really is."""
    done: list[str] = []

    def create() -> None:
        bootstrap.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.PYTHON.touch()

    monkeypatch.setattr(bootstrap, "create_environment", create)
    monkeypatch.setattr(bootstrap, "install", done.append)
    return done


def test_installs_once(installed: list[str]) -> None:
    bootstrap.prepare(RUN)
    bootstrap.prepare(RUN)
    assert installed == [RUN]


def test_a_changed_pin_installs_again(installed: list[str], clone: Path) -> None:
    bootstrap.prepare(RUN)
    (clone / RUN).write_text("# newer\n")
    bootstrap.prepare(RUN)
    assert installed == [RUN, RUN]


def test_the_development_set_serves_running_too(installed: list[str]) -> None:
    bootstrap.prepare(DEVELOP)
    bootstrap.prepare(RUN)
    assert installed == [DEVELOP]


def test_a_failed_installation_is_not_stamped(installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise BootstrapError("no network")

    with monkeypatch.context() as failing:
        failing.setattr(bootstrap, "install", fail)
        with pytest.raises(BootstrapError):
            bootstrap.prepare(RUN)
    bootstrap.prepare(RUN)
    assert installed == [RUN]


def test_an_old_python_is_told_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as caught:
        bootstrap.main(["anything"])
    assert "Python 3.11 or newer is needed" in str(caught.value)


def test_a_python_without_ensurepip_is_told_the_remedy(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BootstrapError, match="apt-get install python3-venv"):
        bootstrap.create_environment()


def test_pip_is_the_fall_back_of_uv(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], *, quiet: bool = False) -> bool:
        commands.append(command)
        return "uv" not in " ".join(command)

    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(bootstrap, "run", run)
    bootstrap.install(RUN)
    assert commands[-1][1:4] == ["-m", "pip", "install"]
    assert all("--require-hashes" in command for command in commands if "install" in command)
