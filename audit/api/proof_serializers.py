"""How the API shows what the log can prove. Hashes are base64, as in checkpoints and proofs."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.log.proofs import EventProof, note_of
from audit.models import Checkpoint, Epoch
from audit.permissions import can_read_log
from audit.services.sealing import key_of
from common.api.serializers import StrictSerializer


def spelled(digest: bytes) -> str:
    return b64encode(digest).decode()


class HashField(serializers.Field[Any, Any, str, Any]):
    """32 bytes."""

    def to_representation(self, value: Any) -> str:
        return spelled(bytes(value))


@extend_schema_field({"type": "array", "items": {"type": "string", "format": "byte"}})
class HashesField(serializers.Field[Any, Any, list[str], Any]):
    def to_representation(self, value: Iterable[bytes]) -> list[str]:
        return [spelled(digest) for digest in value]


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """The signed root of a tree. `note` is what a verifier takes: the checkpoint with all its signatures."""

    origin = serializers.CharField(source="epoch.origin", read_only=True)
    epoch = serializers.IntegerField(source="epoch.number", read_only=True)
    root_hash = extend_schema_field({"type": "string", "format": "byte"})(HashField)(read_only=True)
    note = serializers.SerializerMethodField()

    class Meta:
        model = Checkpoint
        fields = ("id", "epoch", "origin", "tree_size", "root_hash", "note", "signed_at")
        read_only_fields = fields

    def get_note(self, checkpoint: Checkpoint) -> str:
        return note_of(checkpoint)


class EventProofSerializer(serializers.Serializer[EventProof]):
    """That an event is leaf `index` of the tree under `checkpoint`.

    `leaf` is the exact text that was hashed. It holds more than the event shows (the network of the caller, the
    session), so it is null for whoever may not read the whole log; `leaf_hash` is its hash.
    """

    index = serializers.IntegerField(source="proof.index")
    leaf = serializers.SerializerMethodField()
    leaf_hash = extend_schema_field({"type": "string", "format": "byte"})(HashField)()
    hashes = HashesField(source="proof.hashes")
    checkpoint = CheckpointSerializer()

    def get_leaf(self, found: EventProof) -> str | None:
        return found.leaf.decode() if can_read_log(self.context["view"].principal) else None


class ConsistencySerializer(serializers.Serializer[Any]):
    """That the tree of `size` leaves continues the one of `from`."""

    size = serializers.IntegerField()
    hashes = HashesField()

    def get_fields(self) -> Any:
        return {"from": serializers.IntegerField(source="old"), **super().get_fields()}


class LogKeySerializer(serializers.ModelSerializer[Epoch]):
    """A tree and the key that signs it, as verifiers take it (vkey)."""

    epoch = serializers.IntegerField(source="number", read_only=True)
    key = serializers.SerializerMethodField()
    first_position = serializers.IntegerField(source="first_pos", read_only=True)

    class Meta:
        model = Epoch
        fields = ("epoch", "origin", "key", "leaf_version", "first_position", "opened_at", "closed_at", "reason")
        read_only_fields = fields

    def get_key(self, epoch: Epoch) -> str:
        return str(key_of(epoch))


class LogKeysSerializer(serializers.Serializer[Any]):
    """The keys of the log, the newest first, and those of the witnesses it knows."""

    log = LogKeySerializer(many=True)
    witnesses = serializers.ListField(child=serializers.CharField())


class SizeInput(StrictSerializer):
    size = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class EpochInput(StrictSerializer):
    epoch = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ConsistencyInput(EpochInput):
    def get_fields(self) -> Any:
        return {**super().get_fields(), "from": serializers.IntegerField(min_value=1, max_value=2**63 - 1)}


class CosignatureInput(StrictSerializer):
    """A signature line of a note: `— witness.example/w AbCd…=`."""

    line = serializers.CharField(max_length=1000)
