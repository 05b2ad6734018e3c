"""DSSE (Dead Simple Signing Envelope) with Ed25519: what is signed is the payload's bytes and their type, as sent."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.ids import sha256_hex

IN_TOTO = "application/vnd.in-toto+json"
MAX_SIGNATURES = 10


class EnvelopeError(ValueError):
    """It is no envelope, or no trusted key signed it."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (pre-authentication encoding); lengths are of bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def decode(text: Any) -> bytes:
    """Return the bytes of base64 in either alphabet; raises `EnvelopeError`."""
    if not isinstance(text, str):
        raise EnvelopeError("Payload and signatures are base64 texts.")
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise EnvelopeError("Payload and signatures are base64 texts.") from error


def open_envelope(
    envelope: Mapping[str, Any],
    keys: Mapping[str, bytes],
    *,
    payload_types: Iterable[str] = (IN_TOTO,),
    threshold: int = 1,
) -> tuple[bytes, list[str]]:
    """Return the payload and the names of the keys that signed it; raises `EnvelopeError`.

    `keyid` is only a hint: every signature is tried with every key, and one key counts once.
    """
    kind, signatures = envelope.get("payloadType"), envelope.get("signatures")
    if not isinstance(kind, str) or kind not in payload_types:
        raise EnvelopeError(f"The payload's type is one of: {', '.join(payload_types)}.")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= MAX_SIGNATURES:
        raise EnvelopeError(f"An envelope has 1 to {MAX_SIGNATURES} signatures.")
    payload = decode(envelope.get("payload"))
    signed = pae(kind, payload)
    raw = [decode(entry.get("sig") if isinstance(entry, dict) else None) for entry in signatures]
    signers = [name for name, key in keys.items() if any(is_signed(key, signature, signed) for signature in raw)]
    if len(signers) < threshold:
        raise EnvelopeError("No valid key of the attester signed this.")
    return payload, signers


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def seal(payload: bytes, key: Ed25519PrivateKey, keyid: str, *, payload_type: str = IN_TOTO) -> dict[str, Any]:
    """Return an envelope around `payload`, signed by `key`."""
    signature = key.sign(pae(payload_type, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": keyid}],
    }


def plain(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an opened envelope that mean something; whatever else came with it is not kept."""
    signatures = [{"sig": entry["sig"], "keyid": str(entry.get("keyid", ""))[:200]} for entry in envelope["signatures"]]
    return {"payload": envelope["payload"], "payloadType": envelope["payloadType"], "signatures": signatures}


def digest_of(envelope: Mapping[str, Any], signer: str) -> str:
    """Return the digest of what was signed and by which key: the same however the envelope is written down."""
    return sha256_hex(pae(envelope["payloadType"], decode(envelope["payload"])) + signer.encode())
