"""A witness signs a log that grew, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from audit.log import witness
from audit.log.verifier.notes import Note
from audit.models import Checkpoint
from audit.tests.sealing import WITNESS, WITNESS_SEED, as_superuser, happen, log_key, sealed, without_triggers
from tests.servers import Server
from tests.world import World

Look = Any


@pytest.fixture
def look(committed_world: World, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Let the witness look at the running product; return its exit code."""
    monkeypatch.setenv("WITNESS_TOKEN", committed_world.tokens["admin"])
    witness.write(tmp_path / "key", WITNESS_SEED.hex())
    key = str(log_key(sealed(committed_world)))

    def look(*more: str, log: str = key) -> int:
        where = ["--name", WITNESS.name, "--state", str(tmp_path), "--url", server.url, "--log", log]
        return witness.main([*where, *more])

    return look


def signatures(world: World, checkpoint: Checkpoint) -> int:
    with world.as_("system"):
        return checkpoint.cosignatures.count()


def test_each_step_of_a_growing_log_is_signed_and_the_signature_kept(
    committed_world: World, look: Look, capsys: pytest.CaptureFixture[str]
) -> None:
    for times in (0, 3, 40):
        happen(committed_world, times)
        checkpoint = sealed(committed_world)
        assert look() == look() == 0
        assert signatures(committed_world, checkpoint) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    note = Note.parse(checkpoint.note)
    assert Note.parse(f"{note}{line}\n").verified([WITNESS]) == [WITNESS]


def test_a_shorter_log_is_refused(committed_world: World, look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    happen(committed_world, 3)
    longer = sealed(committed_world)
    assert look() == 0
    with without_triggers():
        as_superuser("DELETE FROM audit_cosignature WHERE checkpoint_id = %(id)s", id=longer.id)
        as_superuser("DELETE FROM audit_checkpoint WHERE id = %(id)s", id=longer.id)
    assert look() == 1
    assert "it was cut" in capsys.readouterr().out


def test_another_history_is_refused_although_the_log_signed_it(
    committed_world: World, look: Look, capsys: pytest.CaptureFixture[str]
) -> None:
    happen(committed_world, 3)
    forgotten = sealed(committed_world)
    assert look() == 0
    with without_triggers():
        for table in ("audit_cosignature", "audit_checkpoint", "audit_tile", "audit_epoch"):
            gone = f"DELETE FROM {table} WHERE tenant_id = %(tenant)s"  # noqa: S608  # a name of ours
            as_superuser(gone, tenant=committed_world.tenant.id)
        as_superuser(
            "UPDATE audit_event SET reason = 'forged' WHERE id = (SELECT event_id FROM audit_position"
            " WHERE tenant_id = %(tenant)s AND pos = 1)",
            tenant=committed_world.tenant.id,
        )
    happen(committed_world, 1)
    again = sealed(committed_world)
    assert again.tree_size == forgotten.tree_size + 1
    assert look() == 1
    assert "does not continue" in capsys.readouterr().out
    assert signatures(committed_world, again) == 0


def test_a_note_of_another_key_is_refused(look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    assert look(log=str(WITNESS)) == 1
    assert "No trusted key" in capsys.readouterr().out


def test_a_log_that_does_not_answer_is_no_proof_of_anything(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("--url", "http://127.0.0.1:1") == 2
    assert look("--url", "file:///etc/passwd") == 2
    monkeypatch.setenv("WITNESS_TOKEN", "cmk_wrong")
    assert look() == 2


def test_a_new_witness_makes_its_own_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--name", "witness.example/new", "--state", str(tmp_path / "state")]
    assert witness.main(command) == witness.main(command) == 0
    first, again = capsys.readouterr().out.splitlines()
    assert first == again
    assert first.startswith("witness.example/new+")
    assert (tmp_path / "state" / "key").stat().st_mode & 0o777 == 0o600
