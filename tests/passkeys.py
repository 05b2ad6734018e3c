"""An authenticator in software: makes keys and signs challenges as a device does."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG
VERIFIED = FLAG.UP | FLAG.UV


@dataclass
class Device:
    """One key on one device. A test makes it misbehave by setting its fields."""

    origin: str = "http://testserver"
    site: str = "testserver"
    flags: Any = VERIFIED
    count: int = 0
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = b"a key on a device"
    handle: str = ""

    def data(self, flags: Any, credential: bytes = b"") -> AuthenticatorData:
        site = hashlib.sha256(self.site.encode()).digest()
        made: AuthenticatorData = AuthenticatorData.create(site, flags, self.count, credential)
        return made

    def answer(self, **response: bytes) -> dict[str, Any]:
        identifier = websafe_encode(self.credential_id)
        sent = {name: websafe_encode(value) for name, value in response.items()}
        return {"id": identifier, "rawId": identifier, "type": "public-key", "response": sent}

    def client_data(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, websafe_decode(challenge), self.origin)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the question for a new key."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        kind: Any = ES256
        public = kind.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)
        made = AttestationObject.create("none", self.data(self.flags | FLAG.AT, credential), {})
        client = self.client_data("webauthn.create", asked["challenge"])
        return self.answer(clientDataJSON=client, attestationObject=made)

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the question of a sign-in."""
        client = self.client_data("webauthn.get", options["publicKey"]["challenge"])
        data = self.data(self.flags)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        handle = websafe_decode(self.handle)
        return self.answer(clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=handle)
