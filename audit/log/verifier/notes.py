"""Reading signed notes (C2SP signed-note), checkpoints (tlog-checkpoint) and cosignatures (tlog-cosignature).

Only Ed25519: type 0x01 signs the text, type 0x04 is a witness's timestamped signature of it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 100
DASH = "\N{EM DASH} "


class NoteError(Exception):
    """The note, key or signature is malformed, or no trusted key signed it."""


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def is_key_name(name: str) -> bool:
    return bool(name) and not any(character.isspace() or character == "+" for character in name)


def unbase64(text: str) -> bytes:
    """Decode standard base64 strictly: padded, and in the one spelling that encoding gives."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("Not base64.") from None
    if base64.b64encode(data).decode() != text:
        raise NoteError("Not base64 as it is written.")
    return data


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name, as `name+keyid+base64(type || key)`."""

    name: str
    kind: int
    public_key: bytes

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Return the key of a vkey line; raises `NoteError`."""
        # Base64 may hold a plus, a name may not: the first two end the name and the id.
        name, identifier, encoded = [*text.split("+", 2), "", ""][:3]
        data = unbase64(encoded)
        if not is_key_name(name) or len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise NoteError("Not a verifier key of Ed25519.")
        key = cls(name, data[0], data[1:])
        if identifier != key.id.hex():
            raise NoteError("The verifier key does not match its own id.")
        return key

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.public_key)

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    def verify(self, text: str, signature: bytes) -> None:
        """Raise `NoteError` unless the signature (without its key id) is this key's of the note text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            message, signature = cosigned_message(text, signature[:8]), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NoteError(f"The signature of {self.name} is wrong.") from None


def cosigned_message(text: str, timestamp: bytes) -> bytes:
    """Return what a witness signs: the time, then the whole text."""
    return f"cosignature/v1\ntime {int.from_bytes(timestamp)}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    data: bytes

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Return the signature of a line without its newline; raises `NoteError`."""
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        data = unbase64(encoded)
        if not line.startswith(DASH) or not is_key_name(name) or len(data) < 5:
            raise NoteError("Not a signature line.")
        return cls(name, data[:4], data[4:])

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.data).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures; none of them is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, raw: str | bytes) -> "Note":
        """Return the note; raises `NoteError` where it is malformed."""
        try:
            note = raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeDecodeError:
            raise NoteError("The note is not UTF-8.") from None
        if any(character < " " and character != "\n" for character in note):
            raise NoteError("The note holds control characters.")
        text, blank, tail = note.rpartition("\n\n")
        if not blank or not tail.endswith("\n"):
            raise NoteError("The note has no signatures.")
        lines = tail[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise NoteError("The note has too many signatures.")
        return cls(f"{text}\n", tuple(Signature.parse(line) for line in lines))

    def __str__(self) -> str:
        return "\n".join([self.text, *map(str, self.signatures), ""])

    def verified(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Return those of the trusted keys that signed it. Unknown keys are ignored.

        Raises `NoteError` where none did, or where a trusted key's signature is wrong.
        """
        trusted = {(key.name, key.id): key for key in keys}
        found = []
        for signature in self.signatures:
            key = trusted.pop((signature.name, signature.key_id), None)
            if key:
                key.verify(self.text, signature.data)
                found.append(key)
        if not found:
            raise NoteError("No trusted key signed the note.")
        return found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree head that a note's text states."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return what the text of a note says; raises `NoteError`."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
            raise NoteError("The note is no checkpoint.")
        root = unbase64(lines[2])
        if len(root) != 32:
            raise NoteError("The root of the checkpoint is not 32 bytes long.")
        return cls(lines[0], int(lines[1]), root)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def trusted_checkpoint(raw: str | bytes, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, Note]:
    """Return a checkpoint that a trusted key signed which bears the log's name; raises `NoteError`.

    A witness's signature alone is not enough: the log itself must have signed.
    """
    note = Note.parse(raw)
    checkpoint = Checkpoint.parse(note.text)
    note.verified(key for key in keys if key.kind == ED25519 and key.name == checkpoint.origin)
    return checkpoint, note
