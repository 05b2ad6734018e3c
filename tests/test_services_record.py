"""Every service leaves its events: the list is made from the code, so a new service without one is found."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from accounts import services as accounts
from accounts.models import User
from tests import agent_records, collab, evidence_records
from tests.services import accounts as of_accounts
from tests.services import artifacts
from tests.services import audit as of_audit
from tests.services import delivery as plans
from tests.services import projects as of_projects
from tests.services import tasks as of_tasks
from tests.services.registry import SCENES
from tests.work import events_of
from tests.world import World

APPS = ("audit", "accounts", "projects", "agents", "evidence", "tasks")

# Services that record nothing, and why that is right.
SILENT = {
    "accounts.mark_all_read": "whether somebody read a line is their own business",
    "accounts.mark_read": "the same",
    "accounts.notify": "made from events that are in the log",
    "audit.catch_up": "makes from the log what can be made again",
    "audit.claim_deliveries": "an attempt is no event; its end is, where it is in vain",
    "audit.deliver_due": "sends; settle_delivery says what became of it",
    "audit.restart_activity": "throws away what is made from the log",
    "audit.record": "is the one that records",
    "audit.changes_of": "computes",
    "audit.ensure_partitions": "makes room for events; a system function of the database",
    "audit.seal": "signs what is recorded; a signature about the log is no event of it",
    "audit.close_epoch": "the tree that follows says so, with the reason: log.epoch_started",
    "audit.add_cosignature": "a signature about the log: as an event it would ask for the next one",
    "accounts.send_notifications": "writes about events that are in the log",
    "accounts.begin_passkey": "asks; add_passkey says what came of it",
    "accounts.begin_passkey_sign_in": "asks; sign_in_with_passkey says what came of it",
    "accounts.begin_totp": "nothing counts before confirm_totp says so",
    "accounts.authenticate_token": "reads; notes the time of use, which is no change of state",
    "accounts.create_admin_if_missing": "calls create_tenant and create_user, or does nothing",
    "accounts.issue_ticket": "lives half a minute in the cache and carries no new right",
    "agents.working_agent": "reads",
    "evidence.grade_of": "computes",
    "projects.note_work": "the time of an event of the same transaction, which says what ended",
    "tasks.action_digest": "computes",
    "tasks.lease_token": "computes",
    "tasks.approval_for_worker": "reads",
    "tasks.heartbeat": "design/README.md §2: heartbeats are not events",
    "tasks.settle_expired_holds": "accounts of an attempt whose end is in the log; a budget it uses up says so",
    "tasks.create_sample_plan": "calls the services of plans and work, which record",
    "tasks.append_log": "design/README.md §2: run output is not an event",
}


def modules(app: str) -> Iterator[Any]:
    package = importlib.import_module(f"{app}.services")
    yield package
    for entry in pkgutil.iter_modules(getattr(package, "__path__", [])):
        yield importlib.import_module(f"{app}.services.{entry.name}")


def is_service(function: Any) -> bool:
    """A service takes keywords only: the rule of the house that tells it from a helper."""
    kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
    return bool(kinds) and all(
        kind in {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD} for kind in kinds
    )


def services() -> set[str]:
    """Return the public services of all apps: what a package exports, and every function that takes keywords only."""
    found = set()
    for app in APPS:
        for module in modules(app):
            exported = set(getattr(module, "__all__", ()))
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if not function.__module__.startswith(f"{app}.services") or name.startswith("_"):
                    continue
                if name in exported or is_service(function):
                    found.add(f"{app}.{name}")
    return found


SCENES |= agent_records.SCENES | evidence_records.SCENES | plans.SCENES | artifacts.SCENES | collab.SCENES
SILENT |= artifacts.SILENT
APP_SCENES = (of_accounts, of_audit, of_projects, of_tasks)
"""imported for what they put into SCENES"""


def test_every_service_is_known_to_this_test() -> None:
    assert services() == set(SCENES) | set(SILENT)
    assert not set(SCENES) & set(SILENT)


@pytest.mark.parametrize("name", SCENES)
def test_a_service_leaves_exactly_its_events(world: World, name: str) -> None:
    scene, expected = SCENES[name]
    before = len(events_of(world))
    scene(world)
    assert events_of(world)[before:] == expected


def test_a_service_of_accounts_leaves_no_event_for_nothing(world: World) -> None:
    before = events_of(world)
    with world.as_("admin"):
        accounts.update_user(user=User.objects.get(id=world.viewer.id))
    assert events_of(world) == before
