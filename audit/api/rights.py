"""Projects live above the log: the URL map says what a caller may see and do in them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from common.context import Principal


@dataclass(frozen=True, slots=True)
class ProjectRights:
    """`visible`: the projects a caller sees. `managed`: those whose settings the caller may change as a member."""

    visible: Callable[[Principal], Collection[UUID]]
    managed: Callable[[Principal], Collection[UUID]]
    may_contribute: Callable[[Principal, UUID], bool]
    may_manage: Callable[[Principal, UUID], bool]


NONE = ProjectRights(
    visible=lambda principal: (),
    managed=lambda principal: (),
    may_contribute=lambda principal, project_id: False,
    may_manage=lambda principal, project_id: False,
)
