"""What is said about tasks, the files and the checklists, for staff. What somebody said is never reworded here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from common.admin import MadeFilter, Panel, ReadOnlyAdmin, reference_filter, with_reason
from common.errors import Invalid
from common.http import require_principal
from tasks.admin.parts import OF_AGENT, OF_PROJECT, OF_TASK, EitherAdmin
from tasks.models import Attachment, ChecklistItem, Comment
from tasks.services import (
    add_checklist_item,
    change_checklist_item,
    delete_attachment,
    delete_comment,
    remove_checklist_item,
    tick_checklist_item,
)


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "task", "author", "agent", "edited_at", "created_at")
    list_select_related = ("task__project", "author", "agent")
    list_filter = (
        OF_TASK,
        reference_filter("author_id", "author", word="author__email"),
        OF_AGENT,
        reference_filter("reply_to_id", "reply to"),
        MadeFilter,
    )
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "author_id", "agent_id")
    search_help_text = "The id of a comment, a task or an author."
    fields = (
        "task",
        "author",
        "agent",
        "content",
        "content_type",
        "reply_to",
        "github_comment_id",
        "is_ai_generated",
        "ai_metadata",
        "edited_at",
        "created_at",
        "updated_at",
    )
    panels = (Panel(Comment, "reply_to_id", ("__str__", "author", "agent"), "Newest replies", ("author", "agent")),)
    actions = ("remove",)

    def product_page(self, obj: Comment) -> str:
        return f"{reverse('tasks:task', args=[obj.task_id])}#comments"

    @with_reason("Delete the chosen comments: their rows and replies stay")
    def remove(self, request: HttpRequest, row: Comment, reason: str) -> None:
        delete_comment(comment=row, reason=reason)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files. Their bytes are downloaded on the page of the task, where they are inert."""

    list_display = ("file_name", "task", "media_type", "size", "is_evidence", "uploaded_by", "agent", "created_at")
    list_select_related = ("task__project", "uploaded_by", "agent")
    list_filter = ("is_evidence", OF_TASK, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id")
    search_words = ("sha256",)
    search_help_text = "The id of a file or of a task, or a digest."
    fields = (
        "task",
        "comment",
        "file_name",
        "media_type",
        "size",
        "sha256",
        "is_evidence",
        "evidence",
        "uploaded_by",
        "agent",
        "metadata",
        "created_at",
        "updated_at",
    )
    actions = ("remove",)

    def product_page(self, obj: Attachment) -> str:
        return f"{reverse('tasks:task', args=[obj.task_id])}#files"

    @with_reason("Delete the chosen files that are no evidence")
    def remove(self, request: HttpRequest, row: Attachment, reason: str) -> None:
        delete_attachment(attachment=row, reason=reason)


@admin.register(ChecklistItem)
class ChecklistItemAdmin(EitherAdmin):
    list_display = ("text", "task", "gate", "ordinal", "done", "done_by_user", "done_by_agent", "done_at")
    list_select_related = ("task__project", "gate", "done_by_user", "done_by_agent")
    list_filter = ("done", OF_TASK, reference_filter("gate_id", "gate"), OF_PROJECT, MadeFilter)
    search_fields = ("id",)
    search_ids = ("pk", "task_id", "gate_id")
    search_help_text = "The id of a line, a task or a gate."
    autocomplete_fields = ("task", "gate")
    fields = (
        "project",
        "task",
        "gate",
        "ordinal",
        "text",
        "done",
        "done_at",
        "done_by_user",
        "done_by_agent",
        "evidence",
        "created_at",
        "updated_at",
    )
    add_fields = ("task", "gate", "text")
    changeable = ("text",)
    actions = ("tick", "untick", "remove")

    def create(self, request: HttpRequest, data: dict[str, Any]) -> ChecklistItem:
        task, gate = data["task"], data["gate"]
        if bool(task) == bool(gate):
            raise Invalid("A line belongs to a task or to a gate.", errors={"task": ["Name a task or a gate."]})
        return add_checklist_item(target=task or gate, text=data["text"])

    def update(self, request: HttpRequest, row: ChecklistItem, changes: dict[str, Any]) -> ChecklistItem:
        return change_checklist_item(item=row, text=changes.get("text", row.text))

    @with_reason("Tick the chosen lines off, in your name")
    def tick(self, request: HttpRequest, row: ChecklistItem, reason: str) -> None:
        tick_checklist_item(item=row, principal=require_principal(request), done=True)

    @with_reason("Untick the chosen lines")
    def untick(self, request: HttpRequest, row: ChecklistItem, reason: str) -> None:
        tick_checklist_item(item=row, principal=require_principal(request), done=False)

    @with_reason("Remove the chosen lines that are not ticked off")
    def remove(self, request: HttpRequest, row: ChecklistItem, reason: str) -> None:
        remove_checklist_item(item=row, reason=reason)
