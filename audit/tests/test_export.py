"""Exports: any range of an honest log verifies, every flipped byte is found, and the command says so."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.log import export
from audit.log.notes import cosign, verifier_key
from audit.log.proofs import proof_of
from audit.log.verifier.__main__ import main
from audit.log.verifier.bundle import FAILURES, Trust, verify_bundle
from audit.log.verifier.notes import Checkpoint as Head
from audit.log.verifier.notes import Note
from audit.models import Checkpoint, Position
from audit.services import add_cosignature
from audit.tests.sealing import WITNESS, WITNESS_SEED, happen, log_key, sealed
from tests.servers import ROOT
from tests.world import World

SECONDS = 1_800_000_000


def heads(world: World) -> list[Head]:
    with world.as_("system"):
        notes = Checkpoint.objects.order_by("tree_size").values_list("note", flat=True)
        return [Head.parse(Note.parse(note).text) for note in notes]


@pytest.fixture
def log(committed_world: World) -> World:
    """A log with five checkpoints and more leaves than a tile has."""
    for times in (1, 30, 200, 40):
        happen(committed_world, times)
        sealed(committed_world)
    return committed_world


@pytest.fixture
def folder(log: World, tmp_path: Path) -> Path:
    span = export.chosen(log.tenant.id, first=40, last=60)
    export.write(span, tmp_path / "export", since=heads(log)[0].size)
    return tmp_path / "export"


def test_every_range_of_an_honest_log_verifies(log: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 37)
    known, dice = heads(log), random.Random(1)  # noqa: S311  # repeatable, no secret
    size = known[-1].size
    ranges = [(1, size), (1, 1), (size, size), (256, 257), (257, size)]
    ranges += [(first, dice.randint(first, size)) for first in (dice.randint(1, size) for _ in range(8))]
    for number, (first, last) in enumerate(ranges):
        seen = dice.choice(known)
        span = export.chosen(log.tenant.id, first=first, last=last)
        export.write(span, tmp_path / str(number), since=seen.size)
        trust = Trust([log_key(span.checkpoint)], [seen])
        proven = verify_bundle(tmp_path / str(number), trust)
        assert (proven.first, proven.count) == (first - 1, last - first + 1)


def test_every_flipped_byte_is_found(log: World, folder: Path) -> None:
    trust = Trust([log_key(export.chosen(log.tenant.id).checkpoint)], [heads(log)[0]])
    verify_bundle(folder, trust)
    dice = random.Random(2)  # noqa: S311  # repeatable, no secret
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        for place in dice.sample(range(len(content)), 12):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            try:
                proven = verify_bundle(folder, trust)
            except FAILURES:
                continue
            finally:
                path.write_bytes(content)
            # the manifest says a few things that are for people: where nothing proven changed, no harm is done
            assert path.name == "manifest.json"
            assert (proven.first, proven.count) == (39, 21)


def test_a_manifest_made_to_fit_does_not_help(log: World, folder: Path) -> None:
    """The digests in the manifest tell damage from a lie, they prove nothing."""
    events = folder / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b"log.verification_passed", b"log.verification_failed", 1))
    refit(folder)
    with pytest.raises(FAILURES, match="not what the log signed"):
        verify_bundle(folder, Trust([log_key(export.chosen(log.tenant.id).checkpoint)]))


def refit(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["sha256"]:
        manifest["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "no JSON object"),
        (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "no JSON"),
        (lambda folder: (folder / "consistency.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "events.jsonl").unlink(), "cannot be read"),
        (lambda folder: (folder / "checkpoint").write_text("x"), "no signatures"),
    ],
)
def test_a_damaged_export_is_refused_in_words(
    log: World, folder: Path, change: Callable[[Path], object], words: str
) -> None:
    change(folder)
    with pytest.raises(FAILURES, match=words):
        verify_bundle(folder, Trust([log_key(export.chosen(log.tenant.id).checkpoint)]))


def test_an_older_tree_that_the_export_does_not_reach_needs_its_proof(log: World, tmp_path: Path) -> None:
    span, seen = export.chosen(log.tenant.id, first=100), heads(log)[0]
    export.write(span, tmp_path / "without")
    export.write(span, tmp_path / "with", since=seen.size)
    trust = Trust([log_key(span.checkpoint)], [seen])
    verify_bundle(tmp_path / "with", trust)
    with pytest.raises(FAILURES, match="--since"):
        verify_bundle(tmp_path / "without", trust)


def test_a_required_witness_must_have_signed(log: World, tmp_path: Path) -> None:
    span = export.chosen(log.tenant.id)
    export.write(span, tmp_path / "before")
    text = Note.parse(span.checkpoint.note).text
    with log.as_("admin"):
        line = str(cosign(text, name=WITNESS.name, seed=WITNESS_SEED, seconds=SECONDS))
        add_cosignature(checkpoint=span.checkpoint, line=line)
    export.write(span, tmp_path / "after")
    trust = Trust([log_key(span.checkpoint)], witnesses=[WITNESS])
    verify_bundle(tmp_path / "after", trust)
    with pytest.raises(FAILURES, match=r"witness witness\.example/w did not sign"):
        verify_bundle(tmp_path / "before", trust)


def test_each_tree_is_exported_alone(log: World, settings: Any) -> None:
    end = heads(log)[-1].size
    settings.LOG_KEY = b"n" * 32
    happen(log, 3)
    sealed(log)
    assert export.chosen(log.tenant.id).first == end + 1
    assert export.chosen(log.tenant.id, first=5, last=end).checkpoint.epoch.number == 1
    with pytest.raises(Exception, match=f"has the positions 1 to {end}"):
        export.chosen(log.tenant.id, first=5, last=end + 2)


def test_the_command_writes_what_the_verifier_proves(
    log: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, seen = tmp_path / "export", tmp_path / "seen"
    call_command("export_log", tenant=log.tenant.id, first=3, last=200, out=out)
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_log", tenant=log.tenant.id, out=out)
    with pytest.raises(CommandError, match="positions"):
        call_command("export_log", tenant=log.tenant.id, first=3, last=10_000, out=tmp_path / "x")
    with log.as_("system"):
        older = Checkpoint.objects.order_by("tree_size")[1]
    seen.write_text(older.note)
    key = str(log_key(export.chosen(log.tenant.id).checkpoint))
    assert main([str(out), "--key", key, "--since", str(seen)]) == 0
    said = capsys.readouterr().out
    assert "OK: 198 events, leaves 2 to 199" in said
    assert f"continues the one of {older.tree_size}" in said
    assert main([str(out), "--key", key]) == 0
    assert "--since" in capsys.readouterr().out
    foreign = str(verifier_key(older.note.split("\n")[0], b"x" * 32))
    assert main([str(out), "--key", foreign]) == 1
    assert "NOT PROVEN: No trusted key" in capsys.readouterr().out
    for wrong in (["--key", "nonsense"], ["--key", key, "--since", "/nowhere"], ["--key", key, "--leaf", str(seen)]):
        assert main([str(out), *wrong]) == 2


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The verifier alone, as an auditor takes it along."""
    shutil.copytree(ROOT / "audit" / "log" / "verifier", tmp_path / "tools" / "audit" / "log" / "verifier")
    return tmp_path / "tools"


def test_the_verifier_runs_without_the_product(log: World, folder: Path, copied: Path, tmp_path: Path) -> None:
    key = str(log_key(export.chosen(log.tenant.id).checkpoint))
    with log.as_("system"):
        found = proof_of(Position.objects.get(pos=7).event_id)
    (tmp_path / "event.tlog-proof").write_text(str(found.proof))
    (tmp_path / "leaf").write_bytes(found.leaf + b"\n")
    (tmp_path / "other").write_bytes(found.leaf[:-1])

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "audit.log.verifier", *map(str, arguments), "--key", key]
        return subprocess.run(command, cwd=copied, env={}, capture_output=True, text=True, check=False)

    done = run(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert run(tmp_path / "event.tlog-proof", "--leaf", tmp_path / "leaf").stdout.startswith("OK: the event is leaf 6")
    lie = run(tmp_path / "event.tlog-proof", "--leaf", tmp_path / "other")
    assert (lie.returncode, lie.stdout[:10]) == (1, "NOT PROVEN")
