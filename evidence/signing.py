"""The platform's own key: with it, it signs what it checked itself and what people told it through their session.

Derived from `FIELD_KEYS`, for this use only. A statement names the public key, so a rotation leaves old ones readable.
"""

import base64
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from common.ids import sha256_hex
from evidence import dsse

PURPOSE = b"countermark attestation v1"


def platform_key() -> Ed25519PrivateKey:
    """Return the key of the newest of `FIELD_KEYS`."""
    seed = HKDF(SHA256(), 32, None, PURPOSE).derive(settings.FIELD_KEYS[0])
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign_statement(statement: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the envelope around a statement, and the fingerprint of the platform's key."""
    key = platform_key()
    public = key.public_key().public_bytes_raw()
    fingerprint = sha256_hex(public)
    predicate = statement["predicate"] | {"signer": {"ed25519": base64.b64encode(public).decode()}}
    return dsse.seal(rfc8785.dumps(statement | {"predicate": predicate}), key, fingerprint), fingerprint
