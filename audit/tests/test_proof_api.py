"""Proofs over HTTP: what is served verifies, by the auditor's own arithmetic."""

from base64 import b64decode
from typing import Any

import pytest
from django.db import transaction

from audit.log.merkle import Tree
from audit.log.notes import cosign
from audit.log.verifier.bundle import Trust
from audit.log.verifier.notes import Note, VerifierKey, trusted_checkpoint
from audit.log.verifier.proof import Proof
from audit.log.verifier.tree import leaf_hash, verify_consistency, verify_inclusion
from audit.models import Checkpoint, Cosignature, Event
from audit.services import seal
from audit.tests.places import place_all
from audit.tests.sealing import WITNESS, WITNESS_SEED, happen, log_key, sealed
from tests.work import make_task
from tests.world import Client, World


@pytest.fixture
def checkpoints(world: World) -> list[Checkpoint]:
    """Two checkpoints of a small log, the older first."""
    made = [sealed(world)]
    happen(world, 5)
    return [*made, sealed(world)]


def hashes(answer: Any) -> list[bytes]:
    return [b64decode(digest) for digest in answer.json()["hashes"]]


def test_an_event_is_proven_to_whoever_may_see_it_and_its_leaf_shown_to_who_reads_the_log(world: World) -> None:
    task = make_task(world)
    checkpoint = sealed(world)
    with world.as_("system"):
        event = Event.objects.get(task_id=task.id)
    read = {name: Client(world.tokens[name]).send("GET", f"audit/events/{event.id}/proof/") for name in world.tokens}
    assert {name: answer.status_code for name, answer in read.items()} == {
        "admin": 200,
        "engineer": 200,
        "reviewer": 200,
        "viewer": 200,
        "stranger": 404,
    }
    proof = read["viewer"].json()
    assert proof["leaf"] is None
    leaf = read["admin"].json()["leaf"]
    assert f'"id":"{event.id}"' in leaf
    assert b64decode(proof["leaf_hash"]) == leaf_hash(leaf.encode())
    head, _ = trusted_checkpoint(proof["checkpoint"]["note"], [log_key(checkpoint)])
    verify_inclusion(
        leaf=leaf_hash(leaf.encode()),
        index=proof["index"],
        size=head.size,
        proof=hashes(read["viewer"]),
        root=head.root,
    )


def test_a_tlog_proof_is_a_file_that_verifies_offline(world: World, checkpoints: list[Checkpoint]) -> None:
    with world.as_("system"):
        event = Event.objects.order_by("id")[3]
    client = Client(world.tokens["admin"])
    answer = client.send("GET", f"audit/events/{event.id}/tlog-proof/?size={checkpoints[0].tree_size}")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert f"{event.id}.tlog-proof" in answer["Content-Disposition"]
    text = answer.content.decode()
    proof = Proof.parse(text)
    assert str(proof) == text
    leaf = client.send("GET", f"audit/events/{event.id}/proof/").json()["leaf"]
    trust = Trust([log_key(checkpoints[0])])
    assert proof.verify(leaf_hash(leaf.encode()), trust).size == checkpoints[0].tree_size


def test_an_event_that_no_checkpoint_covers_is_not_proven(world: World, checkpoints: list[Checkpoint]) -> None:
    happen(world, 1)
    with world.as_("system"):
        event = Event.objects.latest("id")
    client, path = Client(world.tokens["admin"]), f"audit/events/{event.id}/proof/"
    for _ in range(2):
        answer = client.send("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_sealed")
        place_all()
    with world.as_("system"):
        seal()
    assert client.send("GET", path).status_code == 200
    assert client.send("GET", f"{path}?size={checkpoints[0].tree_size}").status_code == 409
    assert client.send("GET", f"{path}?size=10000").status_code == 404
    assert client.send("GET", f"{path}?size=0").status_code == 422


def test_checkpoints_are_listed_and_shown_to_be_consistent(world: World, checkpoints: list[Checkpoint]) -> None:
    client = Client(world.tokens["stranger"])
    listed = client.send("GET", "audit/checkpoints/").json()["results"]
    assert [row["tree_size"] for row in listed] == [checkpoint.tree_size for checkpoint in reversed(checkpoints)]
    assert client.send("GET", "audit/checkpoints/latest/").json() == listed[0]
    old, new = checkpoints
    answer = client.send("GET", f"audit/checkpoints/latest/consistency/?from={old.tree_size}")
    verify_consistency(
        old_size=old.tree_size,
        old_root=bytes(old.root_hash),
        size=new.tree_size,
        root=bytes(new.root_hash),
        proof=hashes(answer),
    )
    for path, status in {
        "latest/consistency/": 422,
        "latest/consistency/?from=0": 422,
        f"{old.tree_size}/consistency/?from={new.tree_size}": 404,
        "0/": 404,
        "01/": 404,
        "x/": 404,
        f"{'9' * 30}/": 404,
        f"{old.tree_size + 1}/": 404,
        "latest/?epoch=2": 404,
        "latest/?epoch=1": 200,
        "latest/?era=1": 422,
    }.items():
        assert client.send("GET", f"audit/checkpoints/{path}").status_code == status, path


def test_the_tiles_are_enough_to_build_the_root_and_may_be_kept_for_ever(world: World) -> None:
    happen(world, 260)
    checkpoint = sealed(world)
    client = Client(world.tokens["admin"])

    def tile(level: int, index: int) -> bytes:
        width = (checkpoint.tree_size >> 8 * level) - 256 * index
        path = f"{index:03d}" if width >= 256 else f"{index:03d}.p/{width}"
        answer = client.send("GET", f"audit/tiles/1/{level}/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/octet-stream")
        assert "immutable" in answer["Cache-Control"]
        return bytes(answer.content)

    assert Tree(checkpoint.tree_size, tile).root() == bytes(checkpoint.root_hash)
    for path in ("1/0/000.p/300", "1/0/001", "1/0/2", "1/x/000", "2/0/000", "01/0/000", "1/00/000", "1/0/000/"):
        assert client.send("GET", f"audit/tiles/{path}").status_code == 404, path


def test_the_keys_are_those_that_verify(world: World, checkpoints: list[Checkpoint]) -> None:
    keys = Client(world.tokens["viewer"]).send("GET", "audit/keys/").json()
    assert [row["epoch"] for row in keys["log"]] == [1]
    assert VerifierKey.parse(keys["log"][0]["key"]) == log_key(checkpoints[0])
    assert keys["witnesses"] == [str(WITNESS)]


def test_a_known_witness_signs_and_the_note_shows_it(world: World, checkpoints: list[Checkpoint]) -> None:
    client, size = Client(world.tokens["admin"]), checkpoints[1].tree_size
    note = Note.parse(checkpoints[1].note)
    line = str(cosign(note.text, name=WITNESS.name, seed=WITNESS_SEED, seconds=1_800_000_000))
    for _ in range(2):
        answer = client.send("POST", f"audit/checkpoints/{size}/cosignatures/", {"line": f"{line}\n"})
        assert answer.status_code == 201
    shown = client.send("GET", f"audit/checkpoints/{size}/").json()["note"]
    assert Note.parse(shown).verified([log_key(checkpoints[1]), WITNESS]) == [log_key(checkpoints[1]), WITNESS]
    with world.as_("system"):
        assert Cosignature.objects.count() == 1


@pytest.mark.parametrize("what", ["another text", "another key", "no signature", "a log's kind of signature"])
def test_any_other_signature_is_refused(world: World, checkpoints: list[Checkpoint], what: str) -> None:
    text = Note.parse(checkpoints[1].note).text
    lines = {
        "another text": cosign(f"{text}x\n", name=WITNESS.name, seed=WITNESS_SEED, seconds=1),
        "another key": cosign(text, name=WITNESS.name, seed=b"x" * 32, seconds=1),
        "no signature": "hello",
        "a log's kind of signature": Note.parse(checkpoints[1].note).signatures[0],
    }
    path = f"audit/checkpoints/{checkpoints[1].tree_size}/cosignatures/"
    with transaction.atomic():
        answer = Client(world.tokens["admin"]).send("POST", path, {"line": str(lines[what])})
    assert answer.status_code == 422
    assert "line" in answer.json()["errors"]
