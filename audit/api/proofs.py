"""Proofs over HTTP: of an event, of growth, and what to verify them with (docs/verifying.md)."""

import re
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api import proof_serializers as shapes
from audit.api.views import AUDIT, EventViewSet
from audit.log.merkle import parse_tile_path
from audit.log.proofs import EventProof, consistency, newest_checkpoint, proof_of
from audit.log.verifier.tree import HASH_BYTES
from audit.models import Checkpoint, Epoch, Tile
from audit.permissions import can_read_log
from audit.services import add_cosignature
from audit.services.sealing import witnesses
from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import ApiView, VisibleViewSet, require
from common.errors import NotFound

TEXT = "text/plain; charset=utf-8"
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
SIZE = OpenApiParameter("size", str, OpenApiParameter.PATH, description="The size of the tree, or `latest`.")
TILE = (
    OpenApiParameter("epoch", OpenApiTypes.INT, OpenApiParameter.PATH),
    OpenApiParameter("level", OpenApiTypes.INT, OpenApiParameter.PATH),
    OpenApiParameter("index", str, OpenApiParameter.PATH, description="As in tlog-tiles: `x001/x234/067`, `000.p/17`."),
)
READERS = "Only who reads the whole log may do this."


class EventProofViewSet(EventViewSet):
    """The proof of an event that the caller may see."""

    def found(self) -> EventProof:
        event = self.get_object()
        return proof_of(event.pk, self.valid_query(shapes.SizeInput).get("size"))

    @extend_schema(tags=AUDIT, parameters=[shapes.SizeInput], responses=shapes.EventProofSerializer)
    def proof(self, request: Request, pk: str) -> Response:
        """Return the path from the event to the newest checkpoint, or to that of `size` leaves."""
        return Response(shapes.EventProofSerializer(self.found(), context={"view": self}).data)

    @extend_schema(tags=AUDIT, parameters=[shapes.SizeInput], responses={(200, "text/plain"): OpenApiTypes.STR})
    def tlog_proof(self, request: Request, pk: str) -> HttpResponse:
        """Return the same as a file that verifies offline (C2SP tlog-proof)."""
        named = {"Content-Disposition": f'attachment; filename="{pk}.tlog-proof"'}
        return HttpResponse(str(self.found().proof), content_type=TEXT, headers=named)


@extend_schema_view(list=extend_schema(tags=AUDIT))
class CheckpointViewSet(VisibleViewSet):
    """The signed roots of the tenant's trees, the newest first. Everybody of the tenant may hold them against us."""

    queryset = Checkpoint.objects.select_related("epoch").prefetch_related("cosignatures")
    serializer_class = shapes.CheckpointSerializer

    def narrowed(self, queryset: Any) -> QuerySet[Any]:
        return queryset  # type: ignore[no-any-return]  # the tenant's own: row security sees to that

    def checkpoint(self, epoch: int | None = None) -> Checkpoint:
        """Return the checkpoint of the address, in the newest tree or in that of `epoch`."""
        size = self.kwargs["size"]
        if size != "latest" and not NUMBER.fullmatch(size):
            raise NotFound("A checkpoint is named by its size, or `latest`.")
        trees = Epoch.objects.filter(number=epoch) if epoch else Epoch.objects.filter(checkpoints__isnull=False)
        tree = trees.first()
        found = newest_checkpoint(tree, None if size == "latest" else int(size)) if tree else None
        if found is None:
            raise NotFound("There is no such checkpoint.")
        return found

    @extend_schema(tags=AUDIT, parameters=[SIZE, shapes.EpochInput])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self.checkpoint(**self.valid_query(shapes.EpochInput)))

    @extend_schema(
        tags=AUDIT,
        parameters=[SIZE, OpenApiParameter("from", int, required=True), shapes.EpochInput],
        responses=shapes.ConsistencySerializer,
    )
    def consistency(self, request: Request, size: str) -> Response:
        """Prove that this tree continues the one of `from` leaves."""
        given = self.valid_query(shapes.ConsistencyInput)
        checkpoint = self.checkpoint(given.get("epoch"))
        proof = {"old": given["from"], "size": checkpoint.tree_size, "hashes": consistency(checkpoint, given["from"])}
        return Response(shapes.ConsistencySerializer(proof).data)

    @extend_schema(
        tags=AUDIT,
        parameters=[SIZE, shapes.EpochInput, IDEMPOTENCY_KEY],
        request=shapes.CosignatureInput,
        responses={201: shapes.CheckpointSerializer},
    )
    def cosign(self, request: Request, size: str) -> Response:
        """Keep the signature of a witness that this installation knows."""
        require(can_read_log(self.principal), READERS)
        given = self.valid(shapes.CosignatureInput)
        checkpoint = self.checkpoint(**self.valid_query(shapes.EpochInput))
        add_cosignature(checkpoint=checkpoint, **given)
        return self.shown(checkpoint, status=201)


class TileView(ApiView):
    """The hashes of the tree, 256 at a time (C2SP tlog-tiles): whatever a client wants to prove by itself."""

    @extend_schema(tags=AUDIT, parameters=[*TILE], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, epoch: str, level: str, index: str) -> HttpResponse:
        """Return a tile, or the first hashes of one. It never changes, so it may be kept for ever."""
        require(can_read_log(self.principal), READERS)
        try:
            number, width = parse_tile_path(index)
            where = {"epoch__number": int(epoch), "level": int(level), "index": number}
        except ValueError:
            raise NotFound("That is not how a tile is spelled.") from None
        tile = Tile.objects.filter(**where, width__gte=width).first()
        if tile is None or f"{where['epoch__number']}/{where['level']}" != f"{epoch}/{level}":
            raise NotFound("There is no such tile (yet).")
        kept = {"Cache-Control": "private, max-age=31536000, immutable"}
        data = bytes(tile.data)[: width * HASH_BYTES]
        return HttpResponse(data, content_type="application/octet-stream", headers=kept)


class KeysView(ApiView):
    """What to verify with. Ask for it once and by another way than the log itself, and keep it."""

    @extend_schema(tags=AUDIT, responses=shapes.LogKeysSerializer)
    def get(self, request: Request) -> Response:
        """Return the keys of the log and of its witnesses."""
        keys = {"log": Epoch.objects.all(), "witnesses": [str(key) for key in witnesses()]}
        return Response(shapes.LogKeysSerializer(keys).data)
