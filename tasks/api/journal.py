"""Blockers, the work log, commits and changed files over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from common.api.schema import IDEMPOTENCY_KEY
from common.api.views import VisibleViewSet, require
from tasks.api import journal_serializers as serializers
from tasks.api.filters import BlockerFilter, CommitFilter, FileChangeFilter, WorkLogFilter
from tasks.api.parts import JOURNAL_RIGHTS
from tasks.models import Blocker, CommitRecord, FileChange, WorkLogEntry
from tasks.permissions import can_change_journal
from tasks.services import (
    log_work,
    move_file,
    open_blocker,
    record_commit,
    record_file_change,
    resolve_blocker,
    settle_commit,
)
from tasks.services.journal import place_of


class JournalViewSet(VisibleViewSet):
    """Rows that contributors add to."""

    def placed(self, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the input if the caller may write in the project it names, by a task or by itself."""
        given = self.valid(serializer_class)
        place = place_of(given.get("project"), given.get("task"), given.get("phase"))
        require(can_change_journal(self.principal, place["project_id"]), JOURNAL_RIGHTS)
        return {"principal": self.principal, **given}

    def writable(self) -> Any:
        """Return the row if the caller may change it."""
        row = self.get_object()
        require(can_change_journal(self.principal, row.project_id), JOURNAL_RIGHTS)
        return row


@extend_schema_view(list=extend_schema(tags=["blockers"]), retrieve=extend_schema(tags=["blockers"]))
class BlockerViewSet(VisibleViewSet):
    """What stands in the way of tasks."""

    queryset = Blocker.objects.select_related("task__project")
    serializer_class = serializers.BlockerSerializer
    filterset_class = BlockerFilter

    @extend_schema(
        tags=["blockers"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.BlockerInput,
        responses={201: serializers.BlockerSerializer},
    )
    def create(self, request: Request) -> Response:
        """Stop a task, and say why and how to get it going again."""
        given = self.valid(serializers.BlockerInput)
        require(can_change_journal(self.principal, given["task"].project_id), JOURNAL_RIGHTS)
        return self.shown(open_blocker(**given), status=201)

    @extend_schema(
        tags=["blockers"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ResolveInput,
        responses=serializers.BlockerSerializer,
    )
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say what was done about it. With the last one the task is offered again."""
        blocker: Blocker = self.get_object()
        require(can_change_journal(self.principal, blocker.task.project_id), JOURNAL_RIGHTS)
        answer = self.valid(serializers.ResolveInput)
        return self.shown(resolve_blocker(blocker=blocker, principal=self.principal, **answer))


@extend_schema_view(list=extend_schema(tags=["work log"]), retrieve=extend_schema(tags=["work log"]))
class WorkLogViewSet(JournalViewSet):
    """The work log: lines are added and never changed."""

    queryset = WorkLogEntry.objects.all()
    serializer_class = serializers.WorkLogEntrySerializer
    filterset_class = WorkLogFilter
    orderings = ("id", "at")

    @extend_schema(
        tags=["work log"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.WorkLogInput,
        responses={201: serializers.WorkLogEntrySerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a line, about a task or a project."""
        return self.shown(log_work(**self.placed(serializers.WorkLogInput)), status=201)


@extend_schema_view(list=extend_schema(tags=["commits"]), retrieve=extend_schema(tags=["commits"]))
class CommitViewSet(JournalViewSet):
    """Commits, made or still to be made."""

    queryset = CommitRecord.objects.all()
    serializer_class = serializers.CommitSerializer
    filterset_class = CommitFilter

    @extend_schema(
        tags=["commits"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.CommitInput,
        responses={201: serializers.CommitSerializer},
    )
    def create(self, request: Request) -> Response:
        """Note a commit; without a hash, one that is still to be made."""
        return self.shown(record_commit(**self.placed(serializers.CommitInput)), status=201)

    @extend_schema(
        tags=["commits"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.SettleInput,
        responses=serializers.CommitSerializer,
    )
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """Give a pending commit its hash."""
        return self.shown(settle_commit(commit=self.writable(), **self.valid(serializers.SettleInput)))


@extend_schema_view(list=extend_schema(tags=["file changes"]), retrieve=extend_schema(tags=["file changes"]))
class FileChangeViewSet(JournalViewSet):
    """Files that changed, or are to change."""

    queryset = FileChange.objects.select_related("task")
    serializer_class = serializers.FileChangeSerializer
    filterset_class = FileChangeFilter

    @extend_schema(
        tags=["file changes"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.FileChangeInput,
        responses={201: serializers.FileChangeSerializer},
    )
    def create(self, request: Request) -> Response:
        """Note a file that changed, or is to."""
        return self.shown(record_file_change(**self.placed(serializers.FileChangeInput)), status=201)

    @extend_schema(
        tags=["file changes"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.FileMoveInput,
        responses=serializers.FileChangeSerializer,
    )
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Say that a planned file is done, a done one reviewed, or that it has to be done again."""
        return self.shown(move_file(file=self.writable(), **self.valid(serializers.FileMoveInput)))
