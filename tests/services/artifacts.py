"""The context store."""

import io
from collections.abc import Callable
from typing import Any

from common.files.intake import receive
from common.files.kinds import Stored
from evidence.models import Artifact
from evidence.services import artifacts
from tasks import services as tasks
from tasks.models import Execution
from tests.work import acting, claim_one, make_task, started
from tests.world import World

Scene = Callable[[World], Any]
PRD = "# PRD\n\nWhat it is.\n\n## Leases\nAn agent holds a lease.\n\n## Risks\nmany\n"

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def author(world: World, who: str = "engineer") -> artifacts.Author:
    return artifacts.Author(user_id=world.people[who].id)


def written(world: World, path: str = "prd", **values: Any) -> Artifact:
    """Write something down in the engineer's name: a text, unless the values say otherwise."""
    body = {} if "content" in values else {"text": PRD}
    with acting(world, "engineer"):
        return artifacts.create_artifact(
            project=world.project,
            author=author(world),
            **{"artifact_type": "software_specification", "path": path, **body, **values},
        )


def rewritten(world: World, artifact: Artifact, text: str = "anew") -> Artifact:
    with acting(world, "engineer"):
        return artifacts.create_version(artifact=artifact, author=author(world), text=text)


def taken_apart(world: World, artifact: Artifact) -> list[Artifact]:
    with acting(world, "engineer"):
        return artifacts.decompose_artifact(artifact=artifact, author=author(world))


def received(world: World, content: bytes, name: str = "") -> Stored:
    """Put bytes into storage, as the upload does before there is a row."""
    return receive(io.BytesIO(content), kind=artifacts.ARTIFACT_BODIES, tenant_id=world.tenant.id, file_name=name)


def uploaded(world: World, content: bytes = b"print()\n", path: str = "src/app.py") -> Artifact:
    stored = received(world, content, path.rpartition("/")[2])
    with acting(world, "engineer"):
        return artifacts.upload_artifact(
            project=world.project, author=author(world), artifact_type="source_code", path=path, stored=stored
        )


def for_engineer(call: Callable[[World, Artifact], Any]) -> Scene:
    def scene(world: World) -> None:
        artifact = written(world)
        with acting(world, "engineer"):
            call(world, artifact)

    return scene


def given(world: World) -> None:
    artifact = written(world)
    make_task(world, input={"artifacts": [str(artifact.id)]})
    claimed = claim_one(world)
    with acting(world, "agent"):
        tasks.context_for(claimed=claimed)


def given_by_hand(world: World, artifact: Artifact) -> None:
    make_task(world)
    execution: Execution = claim_one(world).execution
    artifacts.give_context(
        project_id=world.project.id,
        task_id=execution.task_id,
        execution_id=execution.id,
        label="a run",
        ids=[artifact.id],
        max_tokens=1000,
    )


def left(world: World) -> None:
    values: dict[str, Any] = {"artifact_type": "agent_output", "path": "out"}
    with acting(world, "engineer"):
        for text in ("first", "second"):
            artifacts.leave_artifact(project=world.project, author=author(world), text=text, **values)


def left_by_run(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.leave_run_artifact(claim=claim, artifact_type="agent_output", path="out", text="x")


CREATED = "artifact.created"
SCENES: dict[str, tuple[Scene, list[str]]] = {
    "evidence.create_artifact": (lambda w: written(w), [CREATED]),
    "evidence.create_version": (lambda w: rewritten(w, written(w)), [CREATED, "artifact.updated"]),
    "evidence.leave_artifact": (left, [CREATED, "artifact.updated"]),
    "evidence.tag_artifact": (
        for_engineer(lambda w, a: artifacts.tag_artifact(artifact=a, tags=["x"])),
        [CREATED, "artifact.updated"],
    ),
    "evidence.embed_artifact": (
        for_engineer(lambda w, a: artifacts.embed_artifact(artifact=a, model="m", vector=[1, 2])),
        [CREATED, "artifact.updated"],
    ),
    "evidence.delete_artifact": (
        for_engineer(lambda w, a: artifacts.delete_artifact(artifact=a, reason="old")),
        [CREATED, "artifact.deleted"],
    ),
    "evidence.decompose_artifact": (lambda w: taken_apart(w, written(w)), [CREATED, "artifact.decomposed"]),
    "evidence.upload_artifact": (lambda w: uploaded(w), [CREATED, "artifact.uploaded"]),
    "evidence.download_artifact": (
        for_engineer(lambda w, a: artifacts.download_artifact(artifact=a)),
        [CREATED, "artifact.downloaded"],
    ),
    "evidence.export_artifacts": (
        for_engineer(lambda w, a: artifacts.export_artifacts(project=w.project)),
        [CREATED, "artifact.exported"],
    ),
    "evidence.give_context": (for_engineer(given_by_hand), [CREATED, "task.created", "task.claimed", "context.given"]),
    "tasks.leave_run_artifact": (left_by_run, ["task.created", "task.claimed", CREATED]),
    "tasks.context_for": (given, [CREATED, "task.created", "task.claimed", "context.given"]),
}
SILENT = {
    "evidence.assemble": "reads",
    "evidence.sweep_artifact_bodies": "removes bytes that no row names",
    "evidence.unit_vector": "computes",
    "evidence.zipped": "reads",
}
