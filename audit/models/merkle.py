"""The Merkle log of each tenant (RFC 6962, C2SP tlog-tiles and tlog-checkpoint): proof that nobody changed the log."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from common.models import QueryIndex, TenantForeignKey, TenantModel, TenantRow

HASH_BYTES = 32
TILE_WIDTH = 256


class Epoch(TenantModel):
    """One tree with one origin and one key. A restore or a lost key closes it; the next one begins a new tree."""

    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=255, help_text="HOST/audit/TENANT/EPOCH")
    public_key = models.BinaryField(max_length=32)
    """Ed25519; the private half is not in the database"""
    leaf_version = models.PositiveSmallIntegerField(default=1, db_default=1)
    """how its leaves are written: audit/log/leaf.py"""
    first_pos = models.BigIntegerField(default=1)
    """the position of the first leaf: leaf index = pos - first_pos"""
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", blank=True)
    """why it was closed"""

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "number"], name="audit_epoch_number"),
            models.UniqueConstraint(fields=["tenant", "origin"], name="audit_epoch_origin"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(closed_at__isnull=True), name="audit_epoch_open"),
            models.CheckConstraint(condition=Q(number__gte=1) & Q(first_pos__gte=1), name="audit_epoch_counts"),
            models.CheckConstraint(condition=Exact(Length("public_key"), HASH_BYTES), name="audit_epoch_key"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")), name="audit_epoch_times"
            ),
        )

    def __str__(self) -> str:
        return self.origin


class Checkpoint(TenantRow):
    """The signed root of the tree at one size. `note` is the exact signed text, as it is published."""

    epoch = TenantForeignKey(Epoch, related_name="checkpoints", db_index=False)
    tree_size = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=HASH_BYTES)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ("-tree_size",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "epoch", "tree_size"], name="audit_checkpoint_size"),
            models.CheckConstraint(condition=Q(tree_size__gte=0), name="audit_checkpoint_counts"),
            models.CheckConstraint(condition=Exact(Length("root_hash"), HASH_BYTES), name="audit_checkpoint_root"),
            models.CheckConstraint(condition=~Q(note=""), name="audit_checkpoint_note"),
        )
        indexes = (
            QueryIndex(
                serves="the checkpoints of a span of time",
                fields=["tenant", "-signed_at"],
                name="audit_checkpoint_signed",
            ),
        )

    def __str__(self) -> str:
        return f"checkpoint at {self.tree_size}"


class Cosignature(TenantRow):
    """A witness says: I saw this checkpoint, and it agrees with all that I saw before."""

    checkpoint = TenantForeignKey(Checkpoint, related_name="cosignatures", db_index=False)
    witness_name = models.CharField(max_length=255)
    key_id = models.CharField(max_length=16)
    """the key hash of the signature line, hex"""
    signature = models.BinaryField()
    """as the witness sent it, its time included"""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "checkpoint", "witness_name", "key_id"], name="audit_cosignature_once"
            ),
        )

    def __str__(self) -> str:
        return f"cosignature of {self.witness_name}"


class Tile(TenantModel):
    """256 hashes of one level, or the first of them while the tree grows; triggers let it grow and do nothing else."""

    epoch = TenantForeignKey(Epoch, related_name="tiles", db_index=False)
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "epoch", "level", "index"], name="audit_tile_place"),
            # tlog-tiles knows the levels 0 to 63
            models.CheckConstraint(condition=Q(level__lte=63) & Q(index__gte=0), name="audit_tile_counts"),
            models.CheckConstraint(condition=Q(width__range=(1, TILE_WIDTH)), name="audit_tile_width"),
            models.CheckConstraint(condition=Exact(Length("data"), F("width") * HASH_BYTES), name="audit_tile_data"),
        )

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index} ({self.width})"
