"""The keys with which agents sign. Who registers one shows that they hold its private half."""

from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.utils import timezone

from agents import events
from agents.models import Agent, AgentKey
from agents.models.key import ED25519_BYTES
from agents.services.registry import subject_of
from audit.services import record
from common.duplicates import refusing_duplicates
from common.errors import Conflict, Invalid

PROOF = "countermark agent key v1\n{agent}\n{fingerprint}\n"
LONGEST_OVERLAP = timedelta(days=30)


def proof_message(agent: Agent, public_key: bytes) -> bytes:
    """Return what the private half signs. It names the agent: a proof cannot be shown for another one."""
    return PROOF.format(agent=agent.id, fingerprint=sha256(public_key).hexdigest()).encode()


def check_proof(agent: Agent, public_key: bytes, proof: bytes) -> None:
    """Raise `Invalid` unless `proof` is the signature of `proof_message` under `public_key`."""
    if len(public_key) != ED25519_BYTES:
        raise Invalid("Not an Ed25519 key.", errors={"public_key": [f"It has {ED25519_BYTES} bytes."]})
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(proof, proof_message(agent, public_key))
    except InvalidSignature:
        raise Invalid("The proof is not a signature by this key.", errors={"proof": ["It does not verify."]}) from None


@transaction.atomic
def register_key(
    *,
    agent: Agent,
    public_key: bytes,
    proof: bytes,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> AgentKey:
    """Register a public key. Raises `Invalid` without proof of possession, `Conflict` where it is known already."""
    return add_key(agent, public_key, proof, valid_from, valid_until)


def add_key(
    agent: Agent,
    public_key: bytes,
    proof: bytes,
    valid_from: datetime | None,
    valid_until: datetime | None,
    replaces: AgentKey | None = None,
) -> AgentKey:
    check_proof(agent, public_key, proof)
    start = valid_from or timezone.now()
    if valid_until and valid_until <= start:
        raise Invalid("A key ends after it begins.", errors={"valid_until": ["It is not after the beginning."]})
    with refusing_duplicates("This key is registered already.", code="key_known"):
        key: AgentKey = AgentKey.objects.create(
            agent=agent,
            public_key=public_key,
            fingerprint=sha256(public_key).hexdigest(),
            valid_from=start,
            valid_until=valid_until,
        )
    record(
        events.AGENT_KEY_REGISTERED,
        subject_of(agent),
        concerns=[agent.owner_id],
        fingerprint=key.fingerprint,
        replaces=replaces.fingerprint if replaces else None,
    )
    return key


@transaction.atomic
def rotate_key(
    *,
    key: AgentKey,
    public_key: bytes,
    proof: bytes,
    overlap: timedelta = timedelta(0),
    valid_until: datetime | None = None,
) -> AgentKey:
    """Register a new key in place of `key`, which ends after `overlap`. Raises as `register_key`, and `Conflict` where
    the old one has ended already.
    """
    now = timezone.now()
    if not AgentKey.objects.valid_at(now).filter(id=key.id).select_for_update().exists():
        raise Conflict("The key has ended already; register another one.", code="key_ended")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid("Both keys count for 30 days at most.", errors={"overlap_seconds": ["Out of range."]})
    new = add_key(key.agent, public_key, proof, None, valid_until, replaces=key)
    # A key that begins and ends at one moment would break its CHECK.
    end = max(now + overlap, key.valid_from + timedelta(microseconds=1))
    if key.valid_until is None or end < key.valid_until:
        AgentKey.objects.filter(id=key.id).update(valid_until=end)
    return new


@transaction.atomic
def revoke_key(*, key: AgentKey, reason: str) -> AgentKey:
    """End a key at once: what it signs from now on does not count. Once."""
    if AgentKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=timezone.now(), revoked_reason=reason):
        agent = key.agent
        record(
            events.AGENT_KEY_REVOKED,
            subject_of(agent),
            reason=reason,
            concerns=[agent.owner_id],
            fingerprint=key.fingerprint,
        )
    key.refresh_from_db()
    return key
