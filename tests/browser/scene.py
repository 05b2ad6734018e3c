"""What the pages show in these tests: a project with a task in each state, made through the services."""

from typing import Any

from agents.services import register_agent
from projects.models import GateCheck, Phase, Plan
from projects.samples.preservation import AGENTS
from projects.services import judge_check, start_phase
from tasks.models import Execution, Task
from tasks.services import (
    add_dependency,
    append_log,
    cancel_task,
    close_task,
    fail_execution,
    heartbeat,
    log_work,
    record_commit,
    record_file_change,
    resolve_blocker,
    tick_checklist_item,
)
from tasks.services.samples import create_sample_plan
from tests.collab import attach, blocked, comment, line, offer
from tests.work import (
    PYTEST,
    SIGNOFF,
    acting,
    answer,
    ask,
    claim_one,
    complete,
    hand_in,
    lease,
    make_task,
    run_out,
    started,
)
from tests.world import World

OUTPUT = b"$ pytest -q\n" + b"".join(b"\x1b[32mPASSED\x1b[0m test_%d\n" % number for number in range(60))
ACTION: dict[str, Any] = {
    "command": ["ruff", "format", "."],
    "then": ["git", "commit", "-am", "Apply the formatter"],
    "why": "Twelve files differ from the format of the house.",
}


class Scene:
    """The tasks by their state, and the addresses of all pages about them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queued = make_task(
            world, title="Index events by actor", required_capabilities=["elsewhere"], priority="high"
        )
        make_task(world, title="Write the handbook", status="draft")
        self.held = make_task(world, title="Publish the index")
        with acting(world, "engineer"):
            add_dependency(task=self.held, depends_on=self.queued, reason="nothing to publish before")
        self.done, self.run = self.closed()
        self.blocked = self.refused()
        self.review = self.reviewed()
        self.decided = self.answered()
        self.talked = self.talked_about()
        self.running, claim = started(world, PYTEST, title="Run the longer tests")
        with acting(world, "agent"):
            append_log(claim=claim, offset=0, content=OUTPUT)
            heartbeat(claim=claim, progress=40, message="half of it")
        self.waiting, claim = started(world, PYTEST, SIGNOFF, title="Apply the formatter", priority="critical")
        hand_in(world, claim, data={"command_name": "ruff", "exit_code": 1, "commit": "9f3c" * 10})
        self.approval = ask(
            world, claim, question="May I format twelve files?", action=ACTION, target_commit="9f3c" * 10
        )
        dropped = make_task(world, title="Old flaky test")
        with acting(world, "engineer"):
            cancel_task(task=dropped, reason="not reproducible")
        self.plan = self.planned()

    def closed(self) -> tuple[Task, Execution]:
        """A task that was lost once and then went well."""
        task, claim = started(self.world, PYTEST, title="Run the tests", description="See https://docs.pytest.org.")
        run_out(self.world, claim.execution_id)
        claim = lease(self.world, claim_one(self.world).execution)
        with acting(self.world, "agent"):
            append_log(claim=claim, offset=0, content=OUTPUT)
        hand_in(
            self.world,
            claim,
            content=OUTPUT.decode(),
            data={"command_name": "pytest", "exit_code": 0, "tool": "pytest"},
        )
        complete(self.world, claim)
        return task, self.run_of(claim.execution_id)

    def run_of(self, execution_id: Any) -> Execution:
        with self.world.as_("system"):
            return Execution.objects.get(id=execution_id)

    def refused(self) -> Task:
        task, claim = started(self.world, PYTEST, title="Scan for findings")
        hand_in(self.world, claim, data={"command_name": "pytest", "exit_code": 1})
        with acting(self.world, "agent"):
            fail_execution(claim=claim, error="pytest ended with 1, needed 0", retryable=False)
        return task

    def reviewed(self) -> Task:
        task, claim = started(self.world, PYTEST, SIGNOFF, title="Review the claim statement")
        hand_in(self.world, claim)
        complete(self.world, claim)
        return task

    def answered(self) -> Task:
        task, claim = started(self.world, title="Rotate the key")
        approval = ask(self.world, claim, question="May I rotate the key?")
        answer(self.world, approval, "reject", comment="Not during the release.")
        return task

    def talked_about(self) -> Task:
        """A task with everything that people and agents write about one: it is blocked, and offered to the reviewer."""
        task = make_task(
            self.world, title="Move the audit table to partitions", description="By month, without a stop."
        )
        comment(self.world, task, content="Which months first?\nSee https://www.postgresql.org/docs/18/ for the rules.")
        comment(self.world, task, "reviewer", content="The oldest; nobody writes there.")
        attach(self.world, task, content=b"plan of the move")
        by: dict[str, Any] = {"principal": self.world.engineer.principal(), "task": task}
        done, _ = (
            line(self.world, task, "Write the migration"),
            line(self.world, task, "Try it on a copy of production"),
        )
        with acting(self.world, "engineer"):
            tick_checklist_item(item=done, principal=by["principal"], done=True)
            add_dependency(task=task, depends_on=self.queued, reason="it needs the index")
            add_dependency(task=self.held, depends_on=task)
            log_work(**by, text="Wrote the migration and read it twice.", kind="done")
            commit = record_commit(**by, message="audit: Partition events by month.", hash="4be1" * 10, branch="main")
            record_file_change(**by, commit=commit, path="audit/partition.py", change="modified", lines_added=31)
            first = blocked(self.world, task, "The copy of production is too old")
            resolve_blocker(blocker=first, principal=by["principal"], resolution="Restored last night's backup.")
        offer(self.world, task, summary="The migration is written.", gotchas="It locks the table for a second.")
        blocked(self.world, task, "Docker is down")
        return task

    def planned(self) -> Plan:
        """The plan of the specification, begun: its first group is done, and one check of its first gate failed."""
        owner = self.world.engineer
        with acting(self.world, "engineer"):
            agents = {name: register_agent(owner=owner, name=name, agent_type="custom") for name in AGENTS}
            plan = create_sample_plan(project=self.world.project, agents=agents)
            phase = start_phase(phase=Phase.objects.get(plan=plan))
            first = phase.groups.order_by("sequence", "id")[0]
            for task in Task.objects.filter(group=first).order_by("id"):
                close_task(task=task, resolution="completed", reason="done")
        with acting(self.world, "reviewer"):
            judged = GateCheck.objects.filter(gate__after_group=first).order_by("ordinal")[:2]
            for check, state in zip(judged, ("fail", "pass"), strict=True):
                judge_check(check=check, principal=self.world.reviewer.principal(), state=state)
        return plan

    @property
    def pages(self) -> dict[str, str]:
        return {
            "board": "/projects/countermark/board/",
            "plan": f"/projects/countermark/plans/{self.plan.id}/",
            "plan's records": f"/projects/countermark/plans/{self.plan.id}/records/",
            "handing over": f"/tasks/{self.held.id}/handoffs/",
            "task waiting for others": f"/tasks/{self.held.id}/",
            "task talked about": f"/tasks/{self.talked.id}/",
            "task done": f"/tasks/{self.done.id}/",
            "task blocked": f"/tasks/{self.blocked.id}/",
            "task in review": f"/tasks/{self.review.id}/",
            "task running": f"/tasks/{self.running.id}/",
            "task waiting": f"/tasks/{self.waiting.id}/",
            "task rejected": f"/tasks/{self.decided.id}/",
            "inbox": "/inbox/",
            "inbox decided": "/inbox/?tab=done",
            "inbox empty": "/inbox/?tab=others",
            "notifications": "/notifications/",
            "notifications read": "/notifications/?all=1",
            "approval": f"/inbox/{self.approval.id}/",
            "log": f"/executions/{self.run.id}/log/",
            "log from the start": f"/executions/{self.run.id}/log/?from=0",
            "admin": "/admin/",
            "admin list": "/admin/tasks/task/",
            "admin form": f"/admin/tasks/task/{self.done.id}/change/",
        }
