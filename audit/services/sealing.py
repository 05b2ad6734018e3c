"""Sealing: what is placed becomes leaves of the tenant's tree, and the tree's root is signed.

The private key is in the environment of the process that seals (`LOG_KEY`) and nowhere else.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.events import LOG_EPOCH_STARTED, LOG_KEY_ROTATED
from audit.log import leaf, notes, tiles
from audit.log.merkle import Tree
from audit.log.verifier import notes as reading
from audit.log.verifier.notes import NoteError, Signature, VerifierKey
from audit.log.verifier.tree import EMPTY_ROOT, leaf_hash
from audit.models import Checkpoint, Cosignature, Epoch
from audit.queries import last_position
from audit.services.log import Subject, record
from common.errors import Invalid
from common.tenancy import require_tenant_id

BATCH = 1000
LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('audit-seal'), hashtext(%s))"


class LogBroken(Exception):
    """The log is not what was sealed: an event, a tile or a checkpoint was changed. Nothing more is signed."""


class MissingLogKey(RuntimeError):
    """LOG_KEY is not set in the process that seals."""


def signing_key() -> bytes:
    """Return the seed that signs now; raises `MissingLogKey`."""
    seed: bytes = settings.LOG_KEY
    if len(seed) != 32:
        raise MissingLogKey("LOG_KEY is not set: nothing can be sealed. It is 32 random bytes in hex.")
    return seed


@transaction.atomic
def seal(*, limit: int = BATCH) -> Checkpoint | None:
    """Seal up to `limit` placed events of the running tenant and sign the new root; None where there is nothing to do.

    Tiles and checkpoint are one transaction, and one sealer works at a time: a crash leaves the last checkpoint, and no
    size ever has two roots. Raises `LogBroken` where the tree is not the one that was signed last, `MissingLogKey`.
    """
    seed = signing_key()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(require_tenant_id())])
        if not cursor.fetchone()[0]:
            return None  # somebody else is at it
    latest = Epoch.objects.first()
    last = latest.checkpoints.first() if latest else None
    sealed = last_position(last) if last else latest.first_pos - 1 if latest else 0
    new = [digest_of(pos, line, sealed + number) for number, (pos, line) in enumerate(next_leaves(sealed, limit), 1)]
    if not new:
        return None
    if latest is None or not usable(latest, seed):
        latest, last = open_epoch(latest, last, sealed + 1, seed), None
    return extend(latest, last, new, seed)


def next_leaves(sealed: int, limit: int) -> list[tuple[int, bytes | None]]:
    return list(leaf.leaves(after=sealed, upto=sealed + limit))


def digest_of(pos: int, line: bytes | None, expected: int) -> bytes:
    """Return the hash of a leaf; raises `LogBroken` where an event or a position is missing."""
    if line is None or pos != expected:
        raise LogBroken(f"position {expected} has no event")
    return leaf_hash(line)


def usable(epoch: Epoch, seed: bytes) -> bool:
    """Whether the log goes on in this epoch: it is open, has our key, and leaves of the version that we write."""
    return (
        epoch.closed_at is None
        and bytes(epoch.public_key) == notes.public_key(seed)
        and epoch.leaf_version == leaf.VERSION
    )


def extend(epoch: Epoch, last: Checkpoint | None, new: list[bytes], seed: bytes) -> Checkpoint:
    """Append leaf hashes to the tree and sign it; raises `LogBroken` unless the tree is the one signed last."""
    tree = tiles.tree_of(epoch, last.tree_size if last else 0)
    if root_of(tree) != (bytes(last.root_hash) if last else EMPTY_ROOT):
        raise LogBroken(f"the tiles of {epoch.origin} are not those of its checkpoint at {tree.size}")
    tree.append(new)
    tiles.save(epoch, tree)
    head = reading.Checkpoint(epoch.origin, tree.size, tree.root())
    note = notes.sign_checkpoint(head, seed)
    return Checkpoint.objects.create(
        epoch=epoch, tree_size=head.size, root_hash=head.root, note=str(note), signed_at=timezone.now()
    )


def root_of(tree: Tree) -> bytes:
    try:
        return tree.root()
    except LookupError as error:
        raise LogBroken(str(error)) from None


def open_epoch(after: Epoch | None, last: Checkpoint | None, first_pos: int, seed: bytes) -> Epoch:
    """Begin a tree. All but the first say in the log what they follow: the last checkpoint of the one before."""
    number = after.number + 1 if after else 1
    host = urlsplit(settings.PUBLIC_URL).netloc
    if after and after.closed_at is None:
        after = close_epoch(epoch=after, reason="The key was changed.")
    epoch = Epoch.objects.create(
        number=number,
        origin=f"{host}/audit/{require_tenant_id()}/{number}",
        public_key=notes.public_key(seed),
        leaf_version=leaf.VERSION,
        first_pos=first_pos,
        opened_at=timezone.now(),
    )
    if after:
        subject = Subject("log_epoch", epoch.id, epoch.origin)
        key = str(key_of(epoch))
        previous = last.note if last else None
        record(LOG_EPOCH_STARTED, subject, reason=after.reason, number=number, key=key, previous=previous)
        if bytes(after.public_key) != bytes(epoch.public_key):
            record(LOG_KEY_ROTATED, subject, previous_key=str(key_of(after)), key=key)
    return epoch


@transaction.atomic
def close_epoch(*, epoch: Epoch, reason: str) -> Epoch:
    """End a tree, after a restore for example; the next sealing begins another, and the log says so."""
    row = Epoch.objects.select_for_update().get(id=epoch.id)
    if row.closed_at is None:
        row.closed_at, row.reason = timezone.now(), reason
        row.save(update_fields=["closed_at", "reason"])
    return row


def key_of(epoch: Epoch) -> VerifierKey:
    """Return the public key of an epoch, as verifiers take it."""
    return VerifierKey(epoch.origin, reading.ED25519, bytes(epoch.public_key))


@transaction.atomic
def add_cosignature(*, checkpoint: Checkpoint, line: str) -> Cosignature:
    """Keep a witness's signature of a checkpoint. Sent twice it is kept once.

    Raises `Invalid` unless it is the right one of a witness that `LOG_WITNESSES` names.
    """
    try:
        signature = Signature.parse(line.removesuffix("\n"))
        [witness] = [key for key in witnesses() if (key.name, key.id) == (signature.name, signature.key_id)]
        witness.verify(reading.Note.parse(checkpoint.note).text, signature.data)
    except NoteError as problem:
        raise Invalid("The cosignature is not valid.", errors={"line": [str(problem)]}) from None
    except ValueError:
        raise Invalid("The witness is not known here.", errors={"line": ["LOG_WITNESSES names no such key."]}) from None
    found, _ = Cosignature.objects.get_or_create(
        checkpoint=checkpoint,
        witness_name=signature.name,
        key_id=signature.key_id.hex(),
        defaults={"signature": signature.data},
    )
    return found


def witnesses() -> list[VerifierKey]:
    """Return the keys of the witnesses whose signatures are kept."""
    return [VerifierKey.parse(text) for text in settings.LOG_WITNESSES]
