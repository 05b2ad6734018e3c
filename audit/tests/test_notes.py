"""Signed notes, checkpoints and cosignatures: published vectors, and everything malformed is refused."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from audit.log.notes import cosign, sign, sign_checkpoint, verifier_key
from audit.log.verifier.notes import (
    COSIGNATURE,
    Checkpoint,
    Note,
    NoteError,
    VerifierKey,
    trusted_checkpoint,
)

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("notes.json").read_text())
TEXT = VECTORS["text"]
PETER = VerifierKey.parse(VECTORS["peter"]["vkey"])
ENOCH = VerifierKey.parse(VECTORS["enoch"]["vkey"])
SEED = b"s" * 32
HEAD = Checkpoint("example.org/audit/t/1", 3, b"r" * 32)


def raw(*who: str, text: str = TEXT) -> str:
    return f"{text}\n" + "".join(VECTORS[name]["sigline"] for name in who)


def test_the_published_notes_verify() -> None:
    assert Note.parse(raw("peter")).verified([PETER]) == [PETER]
    assert Note.parse(raw("peter", "enoch")).verified([PETER, ENOCH]) == [PETER, ENOCH]
    assert Note.parse(raw("peter", "enoch")).verified([ENOCH]) == [ENOCH]
    assert str(Note.parse(raw("peter", "enoch"))) == raw("peter", "enoch")


def test_a_note_is_signed_byte_for_byte_as_published() -> None:
    _, _, secret = VECTORS["peter"]["skey"].removeprefix("PRIVATE+KEY+").split("+", 2)
    seed = b64decode(secret)[1:]
    assert f"{sign(TEXT, name='PeterNeumann', seed=seed)}\n" == VECTORS["peter"]["sigline"]
    assert str(verifier_key("PeterNeumann", seed)) == VECTORS["peter"]["vkey"]


def test_the_example_of_the_specification_verifies() -> None:
    key = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    line = (
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    assert Note.parse(f"This is an example message.\n\n{line}\n").verified([key]) == [key]


def test_the_checkpoint_of_the_specification_is_read_and_written_again() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(checkpoint) == text
    assert Checkpoint.parse(f"{text}an extension\n") == checkpoint


def test_an_unknown_key_is_ignored_and_alone_is_not_enough() -> None:
    with pytest.raises(NoteError, match="No trusted key"):
        Note.parse(raw("peter")).verified([ENOCH])
    with pytest.raises(NoteError, match="No trusted key"):
        Note.parse(raw("peter")).verified([VerifierKey("Other", PETER.kind, PETER.public_key)])


def test_a_wrong_signature_of_a_trusted_key_spoils_the_note() -> None:
    note = Note.parse(raw("peter", "enoch", text="Something else.\n"))
    with pytest.raises(NoteError, match="PeterNeumann is wrong"):
        note.verified([PETER, ENOCH])


BROKEN_KEYS = [
    *VECTORS["bad_vkeys"],
    *(VECTORS["peter"]["vkey"][:end] for end in range(len(VECTORS["peter"]["vkey"]))),
    *(VECTORS["peter"]["vkey"][start:] for start in range(1, len(VECTORS["peter"]["vkey"]))),
]


def test_every_mangled_key_is_refused() -> None:
    key = VECTORS["peter"]["vkey"]
    mangled = [f"{key[:place]}{chr(ord(key[place]) + 1)}{key[place + 1 :]}" for place in range(len(key))]
    for text in [*BROKEN_KEYS, *mangled]:
        with pytest.raises(NoteError):
            VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n",
        raw("peter")[:-1],
        raw("peter").replace("problem", "pro\x01lem"),
        raw("peter").encode() + b"\xff\n",
        raw("peter").replace("PeterNeumann ", "Peter Neumann "),
        raw("peter") + "not a signature\n",
        raw("peter").replace("— ", "- "),
        raw("peter").replace("nAM=", "nAN="),
        raw("peter") + VECTORS["peter"]["sigline"] * 100,
    ],
)
def test_a_malformed_note_is_refused(note: str | bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(note).verified([PETER])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        f"origin\n01\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"origin\n+1\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}\n",
        "origin\n1\nAAAA\n",
        f"\n1\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}=\n\nx\n",
        f"origin\n٣\n{'A' * 43}=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_checkpoint_counts_only_with_the_signature_of_its_own_log() -> None:
    note = sign_checkpoint(HEAD, SEED)
    key = verifier_key(HEAD.origin, SEED)
    assert trusted_checkpoint(str(note), [key])[0] == HEAD
    stranger = verifier_key("example.org/audit/other/1", SEED)
    foreign = Note(note.text, (sign(note.text, name=stranger.name, seed=SEED),))
    with pytest.raises(NoteError, match="No trusted key"):
        trusted_checkpoint(str(foreign), [key, stranger])


def test_a_cosignature_binds_text_and_time() -> None:
    note = sign_checkpoint(HEAD, SEED)
    key = verifier_key("witness.example/w", b"w" * 32, COSIGNATURE)
    signature = cosign(note.text, name=key.name, seed=b"w" * 32, seconds=1_700_000_000)
    both = Note(note.text, (*note.signatures, signature))
    log = verifier_key(HEAD.origin, SEED)
    assert Note.parse(str(both)).verified([log, key]) == [log, key]
    assert VerifierKey.parse(str(key)) == key
    key.verify(note.text, signature.data)
    for text, data in ((f"{note.text}x\n", signature.data), (note.text, bytes(8) + signature.data[8:])):
        with pytest.raises(NoteError):
            key.verify(text, data)
    with pytest.raises(NoteError, match="No trusted key"):
        trusted_checkpoint(str(Note(note.text, (signature,))), [key])
