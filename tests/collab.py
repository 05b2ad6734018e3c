"""Comments, files, checklists, handoffs, blockers and the journal: short calls, and what each leaves in the log."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from common.files.intake import receive
from tasks import services as tasks
from tasks.models import Attachment, Blocker, ChecklistItem, Comment, Handoff, Task
from tasks.services.attachments import ATTACHMENTS
from tasks.services.oversight import Circumstances
from tests.work import acting, make_task, set_raw, started
from tests.world import World

Scene = Callable[[World], Any]
READ: dict[str, Any] = {"log_read": True, "commits_reviewed": True, "blockers_checked": True}
TOLD: dict[str, Any] = {"phase": "coding", "summary": "Half done.", "gotchas": "Mind the gap."}
HANDED = ("task.created", "handoff.created", "handoff.submitted", "task.waiting")


def comment(world: World, task: Task, who: str = "engineer", **values: Any) -> Comment:
    with acting(world, who):
        return tasks.add_comment(
            task=task, principal=world.people[who].principal(), **{"content": "I looked.", **values}
        )


def attach(world: World, task: Task, who: str = "engineer", content: bytes = b"attached") -> Attachment:
    with acting(world, who):
        stored = receive(io.BytesIO(content), kind=ATTACHMENTS, tenant_id=world.tenant.id, file_name="notes.txt")
        return tasks.attach_file(task=task, principal=world.people[who].principal(), stored=stored)


def line(world: World, task: Task, text: str = "Look") -> ChecklistItem:
    with acting(world, "engineer"):
        return tasks.add_checklist_item(target=task, text=text)


def draft(world: World, task: Task, **values: Any) -> Handoff:
    """Draft a handoff from the engineer to the reviewer."""
    with acting(world, "engineer"):
        told: dict[str, Any] = {"to_user": world.reviewer, **TOLD, **values}
        return tasks.create_handoff(principal=world.engineer.principal(), task=task, **told)


def offer(world: World, task: Task, **values: Any) -> Handoff:
    handoff = draft(world, task, **values)
    with acting(world, "engineer"):
        return tasks.submit_handoff(handoff=handoff)


def accept(world: World, handoff: Handoff, who: str = "reviewer") -> Handoff:
    with acting(world, who):
        return tasks.accept_handoff(handoff=handoff, **READ)


def blocked(world: World, task: Task, reason: str = "Docker is down") -> Blocker:
    with acting(world, "engineer"):
        return tasks.open_blocker(task=task, reason=reason, commands=["docker info"])


def does(scene: Callable[[World, Any], Any], first: Callable[[World, Task], Any], who: str = "engineer") -> Scene:
    """Return a scene: make a task, do something to it, then call a service in somebody's name with what came of it."""

    def play(world: World) -> None:
        row = first(world, make_task(world))
        with acting(world, who):
            scene(world, row)

    return play


def itself(world: World, task: Task) -> Task:
    return task


def by(world: World) -> Any:
    return world.engineer.principal()


def commit(world: World, task: Task) -> Any:
    with acting(world, "engineer"):
        return tasks.record_commit(principal=by(world), task=task, message="Soon")


def planned(world: World, task: Task) -> Any:
    with acting(world, "engineer"):
        return tasks.record_file_change(principal=by(world), task=task, path="a.py", change="created", status="planned")


def told_under_lease(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.report(claim=claim, what="work_log", text="Began.")


MADE = "task.created"


def about_budget(world: World) -> Any:
    with acting(world, "reviewer"):
        question: dict[str, Any] = {"kind": "budget_override", "question": "More?", "action": {"usd": 5}}
        return tasks.ask_people(project=world.project, principal=world.reviewer.principal(), **question)


def asked_if_needed(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        question: dict[str, Any] = {"kind": "question", "question": "?", "action": {}, "trigger": "safety_violation"}
        tasks.ask_if_needed(claim=claim, circumstances=Circumstances(), **question)


def answered_together(world: World) -> None:
    approval = about_budget(world)
    with acting(world, "engineer"):
        answer = tasks.Answer(action="approve", comment="Yes.", digest=approval.digest)
        tasks.respond_to_approvals(principal=by(world), answers=[(approval, answer)])


def waited_too_long(world: World) -> None:
    approval = about_budget(world)
    set_raw(world, "tasks_approvalrequest", "escalates_at = now() - interval '1 second'", approval.id)
    with acting(world, "system"):
        tasks.escalate_approvals()


def standing_rule(world: World) -> Any:
    with acting(world, "engineer"):
        return tasks.create_standing_rule(
            project=world.project,
            principal=by(world),
            answer="approve",
            reason="Harmless.",
            kind="question",
            expires_at=timezone.now() + timedelta(days=1),
        )


def rule_revoked(world: World) -> None:
    rule = standing_rule(world)
    with acting(world, "engineer"):
        tasks.revoke_standing_rule(rule=rule, principal=by(world), reason="no")


SCENES: dict[str, tuple[Scene, list[str]]] = {
    "tasks.ask_people": (about_budget, ["approval.requested"]),
    "tasks.ask_if_needed": (asked_if_needed, [MADE, "task.claimed", "approval.requested"]),
    "tasks.respond_to_approvals": (answered_together, ["approval.requested", "approval.approved"]),
    "tasks.escalate_approvals": (waited_too_long, ["approval.requested", "approval.escalated"]),
    "tasks.create_standing_rule": (standing_rule, ["standing_rule.created"]),
    "tasks.revoke_standing_rule": (rule_revoked, ["standing_rule.created", "standing_rule.revoked"]),
    "tasks.add_comment": (lambda w: comment(w, make_task(w)), [MADE, "comment.added"]),
    "tasks.edit_comment": (
        does(lambda w, row: tasks.edit_comment(comment=row, content="Better."), comment),
        [MADE, "comment.added", "comment.edited"],
    ),
    "tasks.delete_comment": (
        does(lambda w, row: tasks.delete_comment(comment=row), comment),
        [MADE, "comment.added", "comment.deleted"],
    ),
    "tasks.attach_file": (lambda w: attach(w, make_task(w)), [MADE, "attachment.added"]),
    "tasks.use_as_evidence": (
        does(lambda w, row: tasks.use_as_evidence(attachment=row, principal=by(w)), attach),
        [MADE, "attachment.added", "evidence.registered", "attachment.used_as_evidence"],
    ),
    "tasks.delete_attachment": (
        does(lambda w, row: tasks.delete_attachment(attachment=row), attach),
        [MADE, "attachment.added", "attachment.deleted"],
    ),
    "tasks.add_checklist_item": (lambda w: line(w, make_task(w)), [MADE, "checklist_item.added"]),
    "tasks.change_checklist_item": (
        does(lambda w, row: tasks.change_checklist_item(item=row, text="Look closely"), line),
        [MADE, "checklist_item.added", "checklist_item.changed"],
    ),
    "tasks.tick_checklist_item": (
        does(lambda w, row: tasks.tick_checklist_item(item=row, principal=by(w), done=True), line),
        [MADE, "checklist_item.added", "checklist_item.ticked"],
    ),
    "tasks.order_checklist": (
        does(lambda w, row: tasks.order_checklist(target=row.task, item_ids=[row.id]), line),
        [MADE, "checklist_item.added", "checklist.ordered"],
    ),
    "tasks.remove_checklist_item": (
        does(lambda w, row: tasks.remove_checklist_item(item=row), line),
        [MADE, "checklist_item.added", "checklist_item.removed"],
    ),
    "tasks.create_handoff": (lambda w: draft(w, make_task(w)), list(HANDED[:2])),
    "tasks.change_handoff": (
        does(lambda w, row: tasks.change_handoff(handoff=row, summary="More."), draft),
        [*HANDED[:2], "handoff.changed"],
    ),
    "tasks.give_handoff": (
        does(
            lambda w, row: tasks.give_handoff(principal=by(w), task=row, to_user=w.reviewer, **TOLD),
            itself,
        ),
        list(HANDED),
    ),
    "tasks.submit_handoff": (lambda w: offer(w, make_task(w)), list(HANDED)),
    "tasks.accept_handoff": (
        lambda w: accept(w, offer(w, make_task(w))),
        [*HANDED, "handoff.accepted", "task.updated", "task.unblocked"],
    ),
    "tasks.reject_handoff": (
        does(lambda w, row: tasks.reject_handoff(handoff=row, reason="Not mine."), offer, "reviewer"),
        [*HANDED, "handoff.rejected", "task.unblocked"],
    ),
    "tasks.complete_handoff": (
        does(lambda w, row: tasks.complete_handoff(handoff=accept(w, row)), offer, "reviewer"),
        [*HANDED, "handoff.accepted", "task.updated", "task.unblocked", "handoff.completed"],
    ),
    "tasks.open_blocker": (lambda w: blocked(w, make_task(w)), [MADE, "blocker.opened", "task.blocked"]),
    "tasks.resolve_blocker": (
        does(lambda w, row: tasks.resolve_blocker(blocker=row, principal=by(w), resolution="Up."), blocked),
        [MADE, "blocker.opened", "task.blocked", "blocker.resolved", "task.reopened"],
    ),
    "tasks.log_work": (
        does(lambda w, row: tasks.log_work(principal=by(w), task=row, text="Began."), itself),
        [MADE, "work.logged"],
    ),
    "tasks.record_commit": (lambda w: commit(w, make_task(w)), [MADE, "commit.recorded"]),
    "tasks.settle_commit": (
        does(lambda w, row: tasks.settle_commit(commit=row, hash="a" * 40), commit),
        [MADE, "commit.recorded", "commit.recorded"],
    ),
    "tasks.record_file_change": (lambda w: planned(w, make_task(w)), [MADE, "file.changed"]),
    "tasks.move_file": (
        does(lambda w, row: tasks.move_file(file=row, status="done"), planned),
        [MADE, "file.changed", "file.changed"],
    ),
    "tasks.report": (told_under_lease, [MADE, "task.claimed", "work.logged"]),
}
