"""What the sample consists of: each table's rows as expressions over the row's number."""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import User
from agents.models import Agent, AgentType
from audit.models import Event
from evidence.models import Evidence
from projects.models import Project, ProjectMember
from tasks.management.load.fill import Fill, identifier, number, pick
from tasks.models import Execution, Priority, Task, TaskType

MEMBERS = 10  # of each project
DAYS = 20

WORDS = ("Mend", "Add", "Measure", "Document", "Remove", "Review", "Speed up", "Test")
THINGS = ("the claim query", "sign-in", "the board", "webhook retries", "the importer", "pagination", "the report")
LABELS = ("api", "backend", "database", "docs", "frontend", "performance", "security", "ui")
TEAM = "'team-' || (i %% 1000)"  # a label that few rows share: what one searches for

# Of a hundred tasks: so many in each state.
CLOSED, OPEN, BLOCKED = 70, 20, 5
# Which of the hundred a row is: each once, and mixed in every project, however many of them there are.
SHARE = "((i + i / 100) * 7919 %% 100)"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows of each kind."""

    users: int
    projects: int
    agents: int
    tasks: int
    events: int

    def __post_init__(self) -> None:
        if min(self.users, self.projects, self.agents, self.tasks) < 1 or self.events < 0:
            raise ValueError("Ask for at least one user, project, agent and task.")
        if self.users < MEMBERS:
            raise ValueError(f"A project has {MEMBERS} members: ask for at least {MEMBERS} users.")


def fills(sizes: Sizes) -> Iterator[Fill]:
    """Yield the tables in the order of their references."""
    yield users(sizes)
    yield projects(sizes)
    yield members(sizes)
    yield agents(sizes)
    yield tasks(sizes)
    yield executions(sizes)
    yield evidence(sizes)
    yield events(sizes)


def users(sizes: Sizes) -> Fill:
    return Fill(
        "users",
        User,
        sizes.users,
        {
            "id": identifier("user", "i", rows=sizes.users),
            "email": "'sample-' || %(mark)s || '-' || i || '@example.org'",
            "username": "'sample-' || i",
            "display_name": f"{pick(['Ada', 'Alan', 'Barbara', 'Edsger', 'Grace', 'Tony'], 'name')} || ' ' || i",
            "role": "CASE WHEN i %% 100 = 0 THEN 'manager' ELSE 'user' END",
            # an unusable password, as Django writes it: nobody signs in as a sample
            "password": "'!' || md5('password' || %(seed)s || i)",
        },
    )


def projects(sizes: Sizes) -> Fill:
    per_project = -(-sizes.tasks // sizes.projects)
    return Fill(
        "projects",
        Project,
        sizes.projects,
        {
            "id": identifier("project", "i", rows=sizes.projects),
            "owner_id": identifier("user", member("i", "0", sizes), rows=sizes.users),
            "key": "'S' || upper(to_hex(i))",
            "name": "'Sample project ' || i",
            "slug": "'sample-' || i",
            "last_task_number": str(per_project),
        },
    )


def member(project: str, place: str, sizes: Sizes) -> str:
    """Return the number of the user in a place of a project: neighbours share no project by chance."""
    return f"((({project}) * {MEMBERS} + ({place})) %% {sizes.users})"


def members(sizes: Sizes) -> Fill:
    project, place = f"(i / {MEMBERS})", f"(i %% {MEMBERS})"
    return Fill(
        "members",
        ProjectMember,
        sizes.projects * MEMBERS,
        {
            "project_id": identifier("project", project, rows=sizes.projects),
            "user_id": identifier("user", member(project, place, sizes), rows=sizes.users),
            "role": f"CASE {place} WHEN 0 THEN 'owner' WHEN 1 THEN 'maintainer' WHEN 2 THEN 'viewer'"
            " ELSE 'contributor' END",
        },
    )


def agents(sizes: Sizes) -> Fill:
    return Fill(
        "agents",
        Agent,
        sizes.agents,
        {
            "id": identifier("agent", "i", rows=sizes.agents),
            "name": "'sample-agent-' || i",
            "agent_type": pick(AgentType.values, "type"),
            "owner_id": identifier("user", f"i %% {sizes.users}", rows=sizes.users),
            "tags": f"ARRAY[{pick(list(LABELS), 'tag')}, {TEAM}]::varchar[]",
            "capabilities": f"jsonb_build_object('pytest', true, {TEAM}, true)",
        },
    )


def tasks(sizes: Sizes) -> Fill:
    closed, opened = f"{SHARE} < {CLOSED}", f"{SHARE} < {CLOSED + OPEN}"
    blocked = f"{SHARE} < {CLOSED + OPEN + BLOCKED}"
    status = (
        f"CASE WHEN {closed} THEN 'closed' WHEN {opened} THEN 'open' WHEN {blocked} THEN 'blocked' ELSE 'draft' END"
    )
    title = f"{pick(list(WORDS), 'word')} || ' ' || {pick(list(THINGS), 'thing')} || ' (' || i || ')'"
    return Fill(
        "tasks",
        Task,
        sizes.tasks,
        {
            "id": identifier("task", "i", rows=sizes.tasks),
            "project_id": identifier("project", f"i %% {sizes.projects}", rows=sizes.projects),
            "number": f"i / {sizes.projects} + 1",
            "title": title,
            "type": pick(TaskType.values, "type"),
            "priority": pick(Priority.values, "priority"),
            "labels": f"ARRAY[{pick(list(LABELS), 'one')}, {pick(list(LABELS), 'two')}, {TEAM}]::varchar[]",
            "status": status,
            "status_reason": f"CASE WHEN NOT ({opened}) AND {blocked} THEN 'Waits for a decision.' ELSE '' END",
            "resolution": f"CASE WHEN {closed} THEN 'completed' END",
            "attempt": f"CASE WHEN {closed} THEN 1 ELSE 0 END",
            "started_at": f"CASE WHEN {closed} THEN now() - interval '2 hours' END",
            "closed_at": f"CASE WHEN {closed} THEN now() - interval '1 hour' END",
            "claimable_from": f"CASE WHEN NOT ({closed}) AND {opened} THEN now() END",
        },
    )


def executions(sizes: Sizes) -> Fill:
    """One attempt that succeeded for each closed task."""
    return Fill(
        "executions",
        Execution,
        sizes.tasks,
        {
            "id": identifier("execution", "i", rows=sizes.tasks),
            "task_id": identifier("task", "i", rows=sizes.tasks),
            "project_id": identifier("project", f"i %% {sizes.projects}", rows=sizes.projects),
            "agent_id": identifier("agent", f"{number('agent')} %% {sizes.agents}", rows=sizes.agents),
            "attempt": "1",
            "status": "'success'",
            "progress": "100",
            "lease_seconds": "60",
            "input_tokens": f"{number('in')} %% 20000",
            "output_tokens": f"{number('out')} %% 5000",
            "cost_usd": f"({number('cost')} %% 100000)::numeric / 100000",
            "started_at": "now() - interval '2 hours'",
            "ended_at": f"now() - interval '2 hours' + ({number('time')} %% 3000) * interval '1 second'",
        },
        where=f"{SHARE} < {CLOSED}",
    )


def evidence(sizes: Sizes) -> Fill:
    """A test result for every second closed task."""
    return Fill(
        "evidence",
        Evidence,
        sizes.tasks,
        {
            "id": identifier("evidence", "i", rows=sizes.tasks),
            "project_id": identifier("project", f"i %% {sizes.projects}", rows=sizes.projects),
            "task_id": identifier("task", "i", rows=sizes.tasks),
            "execution_id": identifier("execution", "i", rows=sizes.tasks),
            "agent_id": identifier("agent", f"{number('agent')} %% {sizes.agents}", rows=sizes.agents),
            "source_type": "'test_result'",
            "grade": "'runner_reported'",
            "title": "'pytest ' || i",
            "data": "'{\"exit_code\": 0}'::jsonb",
            "content_sha256": "encode(sha256(('sample' || i)::bytea), 'hex')",
            "credibility": "0.8",
            "tags": f"ARRAY[{pick(list(LABELS), 'tag')}, {TEAM}]::varchar[]",
        },
        where=f"{SHARE} < {CLOSED} AND i %% 2 = 0",
    )


def events(sizes: Sizes) -> Fill:
    """What happened to the tasks, one after the other; each event waits for the relay as any other does."""
    task = f"(i %% {sizes.tasks})"
    kinds = "(ARRAY['task.created', 'task.claimed', 'task.closed'])[1 + (i / %(tasks)s) %% 3]"
    return Fill(
        "events",
        Event,
        sizes.events,
        {
            "id": identifier("event", "i", rows=sizes.events),
            "tenant_id": "sec.tenant()",
            "event_type": kinds,
            "action": f"CASE WHEN {kinds} = 'task.created' THEN 'create' ELSE 'update' END",
            "audience": "'project'",
            "source": "'agent'",
            "actor_id": identifier("agent", f"{number('agent')} %% {sizes.agents}", rows=sizes.agents),
            "actor_label": f"'sample-agent-' || ({number('agent')} %% {sizes.agents})",
            "resource_type": "'task'",
            "resource_id": identifier("task", task, rows=sizes.tasks),
            "resource_label": f"'Sample task ' || {task}",
            "project_id": identifier("project", f"{task} %% {sizes.projects}", rows=sizes.projects),
            "task_id": identifier("task", task, rows=sizes.tasks),
            "request_id": identifier("request", "i", rows=sizes.events),
            "trace_id": "md5('trace' || i)",
            "body": "'{}'",
        },
        parameters={"tasks": sizes.tasks},
    )
