"""Signing notes: the log's checkpoints, and a witness's cosignatures (reading is audit/log/verifier/notes.py)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.verifier.notes import COSIGNATURE, ED25519, Checkpoint, Note, Signature, VerifierKey, cosigned_message


def public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def verifier_key(name: str, seed: bytes, kind: int = ED25519) -> VerifierKey:
    """Return the public half of a key, under the name it signs with."""
    return VerifierKey(name, kind, public_key(seed))


def sign(text: str, *, name: str, seed: bytes) -> Signature:
    """Return the Ed25519 signature of a note's text."""
    data = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    return Signature(name, verifier_key(name, seed).id, data)


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes) -> Note:
    """Return the checkpoint as a note, signed under the name of its origin."""
    text = str(checkpoint)
    return Note(text, (sign(text, name=checkpoint.origin, seed=seed),))


def cosign(text: str, *, name: str, seed: bytes, seconds: int) -> Signature:
    """Return a witness's signature of a checkpoint's text at a time (C2SP cosignature/v1)."""
    timestamp = seconds.to_bytes(8)
    data = Ed25519PrivateKey.from_private_bytes(seed).sign(cosigned_message(text, timestamp))
    return Signature(name, verifier_key(name, seed, COSIGNATURE).id, timestamp + data)
