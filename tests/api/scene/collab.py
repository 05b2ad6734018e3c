"""What is said and done about work: comments, files, checklists, handoffs, blockers, the journal."""

import io
from datetime import timedelta
from typing import Any

from django.utils import timezone

from common.files.intake import receive
from projects.models import Gate, Phase, Plan
from tasks.models import Execution, Task
from tasks.services import (
    accept_handoff,
    add_checklist_item,
    add_comment,
    attach_file,
    create_handoff,
    create_standing_rule,
    create_task,
    log_work,
    open_blocker,
    record_commit,
    record_file_change,
    submit_handoff,
)
from tasks.services.attachments import ATTACHMENTS
from tests.world import World

Names = dict[str, str]


def collab(world: World, names: Names) -> Names:
    return conversation(world, names) | journal(world, names) | handoffs(world, names) | rules(world)


def rules(world: World) -> Names:
    tomorrow = timezone.now() + timedelta(days=1)
    with world.as_("engineer"):
        rule = create_standing_rule(
            project=world.project,
            principal=world.engineer.principal(),
            kind="next_step",
            answer="reject",
            reason="Not yet.",
            expires_at=tomorrow,
        )
    return {"standing_rule": str(rule.id), "tomorrow": tomorrow.isoformat()}


def conversation(world: World, names: Names) -> Names:
    with world.as_("engineer"):
        task = create_task(project=world.project, title="talked about", status="draft")
        principal = world.engineer.principal()
        phase = Phase.objects.create(plan=Plan.objects.get(id=names["plan"]), number=91, name="Collaboration")
        gate = Gate.objects.create(phase=phase, kind="review", number=91, name="Reviewed")
        stored = receive(io.BytesIO(b"attached"), kind=ATTACHMENTS, tenant_id=world.tenant.id, file_name="notes.txt")
        made = {
            "talked": task,
            "comment": add_comment(task=task, principal=principal, content="Said."),
            "attachment": attach_file(task=task, principal=principal, stored=stored),
            "line": add_checklist_item(target=task, text="Look"),
            "checked_gate": gate,
            "gate_line": add_checklist_item(target=gate, text="Look again"),
        }
    return {name: str(row.id) for name, row in made.items()}


def journal(world: World, names: Names) -> Names:
    with world.as_("engineer"):
        task = Task.objects.select_related("project").get(id=names["draft"])
        blocked = create_task(project=world.project, title="blocked")
        running = Execution.objects.select_related("task").get(id=names["execution"])
        principal = world.engineer.principal()
        made = {
            "running_line": add_checklist_item(target=running.task, text="Tested"),
            "blocker": open_blocker(task=blocked, reason="Docker is down"),
            "logged": log_work(principal=principal, task=task, text="Began."),
            "commit": record_commit(principal=principal, task=task, message="Soon"),
            "file": record_file_change(principal=principal, task=task, path="a.py", change="created", status="planned"),
        }
    return {name: str(row.id) for name, row in made.items()}


def handoffs(world: World, names: Names) -> Names:
    """A draft of the engineer's, and two from the reviewer to the agent: one offered, one accepted."""
    told: dict[str, Any] = {"phase": "coding", "summary": "Half done.", "gotchas": "Mind the gap."}
    with world.as_("engineer"):
        task = Task.objects.select_related("project").get(id=names["draft"])
        made = {
            "drafted": create_handoff(principal=world.engineer.principal(), task=task, to_user=world.reviewer, **told)
        }
    with world.as_("reviewer"):
        for name in ("offered", "accepted"):
            handoff = create_handoff(principal=world.reviewer.principal(), task=task, to_agent=world.agent, **told)
            made[name] = submit_handoff(handoff=handoff)
    with world.as_("engineer"):
        accept_handoff(handoff=made["accepted"], log_read=True, commits_reviewed=True, blockers_checked=True)
    return {name: str(row.id) for name, row in made.items()}
