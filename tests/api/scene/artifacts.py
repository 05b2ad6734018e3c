"""A document of two versions, taken apart, that a run was given."""

from evidence.services.artifacts import Author, create_artifact, create_version, decompose_artifact, give_context
from tasks.models import Execution
from tests.world import World


def artifacts(world: World, names: dict[str, str]) -> dict[str, str]:
    with world.as_("engineer"):
        author = Author(user_id=world.engineer.id)
        first = create_artifact(
            project=world.project, author=author, artifact_type="project_plan", path="plan", text="# A plan\n"
        )
        artifact = create_version(artifact=first, author=author, text="# A plan\n\n## Scope\nall\n")
        decompose_artifact(artifact=artifact, author=author)
        execution = Execution.objects.get(id=names["execution"])
        give_context(
            project_id=world.project.id,
            task_id=execution.task_id,
            execution_id=execution.id,
            label="run",
            ids=[artifact.id],
            max_tokens=100,
        )
    return {"artifact": str(artifact.id)}
