"""The data folder: one holder, borrowers, secrets, ports and logs."""

import socket
import stat
from pathlib import Path

import pytest

from common.embedded import folder as module
from common.embedded.errors import EmbeddedError
from common.embedded.folder import DataFolder, LogFile


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_process_holds_a_folder(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    assert first.hold()
    assert not second.hold()
    first.release()
    assert second.hold()


def test_a_borrower_sees_what_the_holder_published(tmp_path: Path) -> None:
    holder, borrower = DataFolder(tmp_path), DataFolder(tmp_path)
    holder.hold()
    with borrower.borrow() as state:
        assert state is None
    holder.publish(command="make run", url="http://127.0.0.1:8000", environment={"A": "1"})
    assert mode(tmp_path / "state.json") == 0o600
    with borrower.borrow() as state:
        assert state is not None
        assert (state["url"], state["environment"]) == ("http://127.0.0.1:8000", {"A": "1"})


def test_a_polite_holder_waits_for_borrowers_and_admits_no_new_ones(tmp_path: Path) -> None:
    holder, borrower = DataFolder(tmp_path), DataFolder(tmp_path)
    holder.hold()
    holder.publish(command="make manage", url=None, environment={})
    with borrower.borrow():
        assert not holder.keep_borrowers_out()
    assert holder.keep_borrowers_out()
    with borrower.borrow() as state:
        assert state is None


def test_the_state_of_a_killed_holder_is_not_believed(tmp_path: Path) -> None:
    killed = DataFolder(tmp_path)
    killed.publish(command="make run", url="http://127.0.0.1:8000", environment={})
    assert DataFolder(tmp_path).hold()
    assert DataFolder(tmp_path).state() is None


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = DataFolder(tmp_path).secrets()
    assert DataFolder(tmp_path).secrets() == first
    assert len(set(first.values())) == len(first)
    assert len(bytes.fromhex(first["CONTEXT_KEY"])) == len(bytes.fromhex(first["LEASE_KEY"])) == 32
    assert mode(tmp_path / "secrets.json") == 0o600


def test_a_port_is_remembered_until_somebody_else_takes_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    port = folder.port("postgres")
    assert folder.port("postgres") == port
    assert folder.port("valkey") != port
    with socket.create_server(("127.0.0.1", port)):
        assert folder.port("postgres") != port


def test_a_foreign_folder_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(module, "open", refuse, raising=False)
    with pytest.raises(EmbeddedError, match="belongs to another user") as caught:
        DataFolder(tmp_path)
    assert "chown" in str(caught.value)


def test_a_full_log_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_BYTES", 20)
    log = LogFile(tmp_path / "web.log")
    for number in range(4):
        log.write(f"line {number}...\n".encode())
    assert (tmp_path / "web.log.1").read_text() == "line 0...\nline 1...\nline 2...\n"
    assert (tmp_path / "web.log").read_text() == "line 3...\n"


def test_a_full_disk_loses_only_log_lines(tmp_path: Path) -> None:
    log = LogFile(Path("/dev/full"))
    log.write(b"lost\n")
