"""The scenes of all services: what is done, and the events that it must leave."""

from collections.abc import Callable
from typing import Any

from tests.work import acting
from tests.world import World

Scene = Callable[[World], Any]
SCENES: dict[str, tuple[Scene, list[str]]] = {}


def leaves(name: str, *events: str) -> Callable[[Scene], Scene]:
    def remember(scene: Scene) -> Scene:
        SCENES[name] = (scene, list(events))
        return scene

    return remember


def as_(who: str, call: Callable[[World], Any]) -> Scene:
    def scene(world: World) -> None:
        with acting(world, who):
            call(world)

    return scene
