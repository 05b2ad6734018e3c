"""The log, sealed, and what a witness would say of it."""

from audit.log.notes import cosign
from audit.log.verifier.notes import Note
from audit.tests.sealing import WITNESS, WITNESS_SEED, sealed
from tests.world import World


def proofs(world: World, names: dict[str, str]) -> dict[str, str]:
    checkpoint = sealed(world)
    text = Note.parse(checkpoint.note).text
    line = cosign(text, name=WITNESS.name, seed=WITNESS_SEED, seconds=1_800_000_000)
    tile = f"000.p/{checkpoint.tree_size}"
    return {"size": str(checkpoint.tree_size), "cosignature": str(line), "epoch": "1", "level": "0", "tile": tile}
