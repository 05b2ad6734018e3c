"""Every service leaves its events: the list is made from the code, so a new service without one is found."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiToken, Passkey, Session, User
from accounts.services.factors import code_at
from accounts.services.providers import Profile
from accounts.sessions import SessionStore
from audit import services as audit
from audit.models import Delivery, DeliveryEndpoint, Event
from audit.tests.sealing import sealed
from audit.webhooks.sender import Answer
from projects import services as projects
from projects.models import ProjectMember
from tasks import services as tasks
from tasks.models import Execution
from tests import agent_records, collab, evidence_records
from tests.passkeys import Device
from tests.services import artifacts
from tests.services import delivery as plans
from tests.staff import signed_in
from tests.work import (
    PYTEST,
    SIGNOFF,
    acting,
    answer,
    ask,
    claim_one,
    complete,
    events_of,
    hand_in,
    lease,
    make_task,
    run_out,
    set_raw,
    started,
)
from tests.world import PASSWORD, World

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
    "audit.await_sealed": "reads",
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


Scene = Callable[[World], Any]
SCENES: dict[str, tuple[Scene, list[str]]] = agent_records.SCENES | evidence_records.SCENES


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


TOLD: dict[str, Any] = {"name": "deployment.completed", "subject": "production", "summary": "v1 is out"}


def invited() -> User:
    return accounts.invite_user(email="a@example.org", display_name="A")


def browser() -> HttpRequest:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    return request


def endpoint() -> DeliveryEndpoint:
    return audit.create_endpoint(url="https://hooks.example.org/in")


def delivery() -> Delivery:
    row: Delivery = Delivery.objects.create(
        endpoint=endpoint(), event_id=Event.objects.latest("id").id, pos=1, next_attempt_at=timezone.now()
    )
    return row


def closed(world: World) -> User:
    return accounts.deactivate_user(user=world.viewer, reason="left")


def at_github(world: World) -> User:
    return accounts.connect_github(user=world.viewer, github_user_id=1, username="ada", access_token="gho_x")


SCENES |= {
    "audit.verify_range": (
        as_("admin", lambda w: audit.verify_range(checkpoint=sealed(w))),
        ["log.verification_passed"],
    ),
    "accounts.create_tenant": (lambda world: None, []),  # in a tenant of its own: accounts/tests/test_services.py
    "accounts.create_user": (
        as_("admin", lambda w: accounts.create_user(email="a@example.org", display_name="A", password=None)),
        ["user.created"],
    ),
    "accounts.update_user": (
        as_("admin", lambda w: accounts.update_user(user=w.viewer, display_name="New")),
        ["user.updated"],
    ),
    "accounts.invite_user": (
        as_("admin", lambda w: accounts.invite_user(email="a@example.org", display_name="A")),
        ["user.created", "user.invited"],
    ),
    "accounts.invite_again": (
        as_("admin", lambda w: accounts.invite_again(user=invited())),
        ["user.created", "user.invited", "user.invited"],
    ),
    "accounts.issue_link": (
        as_("admin", lambda w: accounts.issue_link(user=w.viewer, purpose="reset")),
        ["auth.link_issued"],
    ),
    "accounts.send_invitation": (
        as_("admin", lambda w: accounts.send_invitation(tenant_id=w.tenant.id, user_id=invited().id)),
        ["user.created", "user.invited", "auth.link_issued"],
    ),
    "accounts.send_reset": (lambda w: accounts.send_reset(email=w.viewer.email), ["auth.link_issued"]),
    "accounts.set_password": (
        as_("admin", lambda w: accounts.set_password(user=w.viewer, password="quite another password")),
        ["user.updated"],
    ),
    "accounts.deactivate_user": (
        as_("admin", lambda w: accounts.deactivate_user(user=w.viewer, reason="left")),
        ["user.deactivated"],
    ),
    "accounts.delete_user": (
        as_("admin", lambda w: accounts.delete_user(user=w.stranger, reason="left")),
        ["api_token.revoked", "user.deleted"],
    ),
    "accounts.reactivate_user": (
        as_("admin", lambda w: accounts.reactivate_user(user=closed(w), reason="back")),
        ["user.deactivated", "user.reactivated"],
    ),
    "accounts.update_preferences": (
        as_("viewer", lambda w: accounts.update_preferences(user=w.viewer, theme="dark")),
        ["user.preferences_changed"],
    ),
    "accounts.connect_github": (as_("viewer", lambda w: at_github(w)), ["user.github_connected"]),
    "accounts.disconnect_github": (
        as_("viewer", lambda w: accounts.disconnect_github(user=at_github(w))),
        ["user.github_connected", "user.github_disconnected"],
    ),
    "accounts.rotate_token": (
        as_("viewer", lambda w: accounts.rotate_token(token=ApiToken.objects.get(user=w.viewer))),
        ["api_token.created", "api_token.revoked"],
    ),
    "audit.record_external": (
        as_("viewer", lambda w: audit.record_external(principal=w.viewer.principal(), **TOLD)),
        ["deployment.completed"],
    ),
    "audit.create_endpoint": (as_("admin", lambda w: endpoint()), ["webhook.created"]),
    "audit.update_endpoint": (
        as_("admin", lambda w: audit.update_endpoint(endpoint=endpoint(), description="new")),
        ["webhook.created", "webhook.updated"],
    ),
    "audit.rotate_secret": (
        as_("admin", lambda w: audit.rotate_secret(endpoint=endpoint())),
        ["webhook.created", "webhook.secret_rotated"],
    ),
    "audit.disable_endpoint": (
        as_("admin", lambda w: audit.disable_endpoint(endpoint=endpoint(), reason="enough")),
        ["webhook.created", "webhook.disabled"],
    ),
    "audit.enable_endpoint": (
        as_("admin", lambda w: audit.enable_endpoint(endpoint=audit.disable_endpoint(endpoint=endpoint(), reason="x"))),
        ["webhook.created", "webhook.disabled", "webhook.enabled"],
    ),
    "audit.delete_endpoint": (
        as_("admin", lambda w: audit.delete_endpoint(endpoint=endpoint())),
        ["webhook.created", "webhook.deleted"],
    ),
    "audit.send_test": (
        as_("admin", lambda w: audit.send_test(endpoint=endpoint())),
        ["webhook.created", "webhook.tested"],
    ),
    "audit.settle_delivery": (
        as_("admin", lambda w: audit.settle_delivery(delivery=delivery(), answer=Answer(410, "gone", is_final=True))),
        ["webhook.created", "webhook.delivery_failed", "webhook.disabled"],
    ),
    "audit.retry_delivery": (
        as_("admin", lambda w: audit.retry_delivery(delivery=delivery())),
        ["webhook.created", "webhook.delivery_retried"],
    ),
    "accounts.create_token": (
        as_("admin", lambda w: accounts.create_token(user=w.viewer, name="t", scopes=["read"])),
        ["api_token.created"],
    ),
    "accounts.revoke_token": (
        as_("admin", lambda w: accounts.revoke_token(token=ApiToken.objects.get(user=w.viewer))),
        ["api_token.revoked"],
    ),
    "projects.create_project": (
        as_("admin", lambda w: projects.create_project(owner=w.admin, name="O", key="OTH", slug="o")),
        ["project.created", "project.member_added"],
    ),
    "projects.update_project": (
        as_("engineer", lambda w: projects.update_project(project=w.project, name="New")),
        ["project.updated"],
    ),
    "projects.add_member": (
        as_("engineer", lambda w: projects.add_member(project=w.project, user=w.stranger, role="viewer")),
        ["project.member_added"],
    ),
    "projects.remove_member": (
        as_(
            "engineer",
            lambda w: projects.remove_member(member=ProjectMember.objects.select_related("project").get(user=w.viewer)),
        ),
        ["project.member_removed"],
    ),
    "projects.create_plan": (
        as_("engineer", lambda w: projects.create_plan(project=w.project, name="Plan")),
        ["plan.created"],
    ),
    "tasks.create_task": (lambda w: make_task(w), ["task.created"]),
    "tasks.set_contract": (lambda w: make_task(w, PYTEST), ["task.created", "contract.set"]),
    "tasks.claim_tasks": (lambda w: started(w), ["task.created", "task.claimed"]),
    "tasks.import_issues": (
        as_("system", lambda w: tasks.import_issues(project=w.project, document={"number": 1, "title": "t"})),
        ["task.created"],
    ),
}


SCENES |= plans.SCENES
SCENES |= artifacts.SCENES
SILENT |= artifacts.SILENT
SCENES |= collab.SCENES


@leaves("accounts.sign_in", "auth.sign_in_succeeded")
def sign_in(world: World) -> None:
    accounts.sign_in(request=browser(), email=world.viewer.email, password=PASSWORD)


@leaves("accounts.begin_session", "auth.sign_in_succeeded")
def begin_session(world: World) -> None:
    accounts.begin_session(request=browser(), user=world.viewer, method="password")


@leaves("accounts.change_password", "user.updated", "auth.sign_in_succeeded")
def change_password(world: World) -> None:
    with world.as_("viewer"):
        new = "quite another password"
        accounts.change_password(request=browser(), user=world.viewer, current=PASSWORD, password=new)


def with_totp(world: World) -> str:
    """Give the viewer an authenticator app, and return its secret."""
    enrolment = accounts.begin_totp(user=world.viewer)
    accounts.confirm_totp(user=world.viewer, code=code_at(enrolment.secret, timezone.now()))
    return enrolment.secret


APP_ADDED = ("auth.second_factor_added", "auth.recovery_codes_made")


@leaves("accounts.confirm_totp", *APP_ADDED)
def confirm_totp(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)


@leaves("accounts.make_recovery_codes", *APP_ADDED, "auth.recovery_codes_made")
def make_recovery_codes(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.make_recovery_codes(user=world.viewer)


@leaves("accounts.remove_totp", *APP_ADDED, "auth.second_factor_removed")
def remove_totp(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.remove_totp(user=world.viewer)
        accounts.remove_totp(user=world.viewer)


@leaves("accounts.accept_code", *APP_ADDED, "auth.recovery_codes_made", "auth.recovery_code_used")
def accept_code(world: World) -> None:
    with world.as_("viewer"):
        with_totp(world)
        accounts.accept_code(user=world.viewer, code=accounts.make_recovery_codes(user=world.viewer)[0])


@leaves("accounts.finish_sign_in", *APP_ADDED, "auth.sign_in_succeeded")
def finish_sign_in(world: World) -> None:
    with world.as_("viewer"):
        secret = with_totp(world)
    passage = accounts.sign_in(request=browser(), email=world.viewer.email, password=PASSWORD).code
    later = code_at(secret, timezone.now() + timedelta(seconds=30))
    accounts.finish_sign_in(request=browser(), passage=passage, code=later)


@leaves("accounts.confirm", "auth.confirmed")
def confirm(world: World) -> None:
    accounts.confirm(request=browser(), user=world.viewer, password=PASSWORD)


def with_passkey(world: World) -> Device:
    device = Device()
    asked = accounts.begin_passkey(request=browser(), user=world.viewer)
    answer = device.make(asked.options)
    accounts.add_passkey(request=browser(), user=world.viewer, word=asked.word, answer=answer)
    return device


@leaves("accounts.add_passkey", "auth.passkey_added")
def add_passkey(world: World) -> None:
    with world.as_("viewer"):
        with_passkey(world)


@leaves("accounts.remove_passkey", "auth.passkey_added", "auth.passkey_removed")
def remove_passkey(world: World) -> None:
    with world.as_("viewer"):
        with_passkey(world)
        passkey = Passkey.objects.get()
        accounts.remove_passkey(passkey=passkey)
        accounts.remove_passkey(passkey=passkey)


@leaves("accounts.confirm_with_passkey", "auth.passkey_added", "auth.confirmed")
def confirm_with_passkey(world: World) -> None:
    with world.as_("viewer"):
        device = with_passkey(world)
    asked = accounts.begin_passkey_sign_in(request=browser())
    answer = device.sign(asked.options)
    accounts.confirm_with_passkey(request=browser(), user=world.viewer, word=asked.word, answer=answer)


@leaves("accounts.sign_in_with_passkey", "auth.passkey_added", "auth.sign_in_succeeded")
def sign_in_with_passkey(world: World) -> None:
    with world.as_("viewer"):
        device = with_passkey(world)
    asked = accounts.begin_passkey_sign_in(request=browser())
    accounts.sign_in_with_passkey(request=browser(), word=asked.word, answer=device.sign(asked.options))


PROFILE = Profile("oidc", "ada-1", "ada@example.org")


@leaves("accounts.connect_identity", "user.identity_connected")
def connect_identity(world: World) -> None:
    with world.as_("viewer"):
        accounts.connect_identity(user=world.viewer, profile=PROFILE)


@leaves("accounts.disconnect_identity", "user.identity_connected", "user.identity_disconnected")
def disconnect_identity(world: World) -> None:
    connect_identity(world)
    with world.as_("viewer"):
        accounts.disconnect_identity(user=world.viewer, provider="oidc")
        accounts.disconnect_identity(user=world.viewer, provider="oidc")


@leaves("accounts.sign_in_with_identity", "user.identity_connected", "auth.sign_in_succeeded")
def sign_in_with_identity(world: World) -> None:
    connect_identity(world)
    accounts.sign_in_with_identity(request=browser(), profile=PROFILE)


@leaves("accounts.use_link", "auth.link_issued", "user.updated", "auth.link_used")
def use_link(world: World) -> None:
    with world.as_("system"):
        code = accounts.issue_link(user=world.viewer, purpose="reset").code
    accounts.use_link(request=browser(), code=code, password="quite another password")


@leaves("accounts.revoke_sessions", "auth.sign_in_succeeded", "auth.session_revoked")
def revoke_sessions(world: World) -> None:
    signed_in(world.viewer)
    with world.as_("viewer"):
        session = Session.objects.get(user=world.viewer)
        accounts.revoke_sessions(user=world.viewer, sessions=[session.id])
        accounts.revoke_sessions(user=world.viewer, sessions=[session.id])


@leaves("accounts.revoke_all_sessions", *["auth.sign_in_succeeded"] * 2, "auth.session_revoked")
def revoke_all_sessions(world: World) -> None:
    signed_in(world.viewer)
    signed_in(world.viewer)
    with world.as_("viewer"):
        kept = Session.objects.filter(user=world.viewer).latest("id").id
        accounts.revoke_all_sessions(user=world.viewer, keep=kept)
        assert Session.objects.get(user=world.viewer).id == kept


@leaves("accounts.end_session", "auth.sign_in_succeeded", "auth.signed_out")
def end_session(world: World) -> None:
    request = browser()
    accounts.sign_in(request=request, email=world.viewer.email, password=PASSWORD)
    accounts.end_session(request=request)


@leaves("tasks.update_task", "task.created", "task.updated")
def update_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.update_task(task=task, title="new")


@leaves("tasks.cancel_task", "task.created", "task.cancelled")
def cancel_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.cancel_task(task=task, reason="no")


@leaves("tasks.close_task", "task.created", "task.closed")
def close_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.close_task(task=task, resolution="duplicate", reason="of another")


@leaves(
    "tasks.delete_task", *("task.created", "task.claimed"), *("execution.cancelled", "task.released", "task.deleted")
)
def delete_task(world: World) -> None:
    task, _ = started(world)
    with acting(world, "engineer"):
        tasks.delete_task(task=task, reason="no")


@leaves("tasks.restore_task", "task.created", "task.deleted", "task.restored")
def restore_task(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.restore_task(task=tasks.delete_task(task=task, reason="no"), reason="yes")


@leaves("tasks.add_dependency", *["task.created"] * 2, "task.dependency_added", "task.waiting")
def add_dependency(world: World) -> Any:
    task, first = make_task(world), make_task(world)
    with acting(world, "engineer"):
        return tasks.add_dependency(task=task, depends_on=first, reason="needs it")


@leaves(
    "tasks.remove_dependency",
    *["task.created"] * 2,
    *("task.dependency_added", "task.waiting", "task.dependency_removed", "task.unblocked"),
)
def remove_dependency(world: World) -> None:
    dependency = add_dependency(world)
    with acting(world, "engineer"):
        tasks.remove_dependency(dependency=dependency)


@leaves("tasks.assign", "task.created", "assignment.made")
def assign(world: World) -> Any:
    task = make_task(world)
    with acting(world, "engineer"):
        return tasks.assign(task=task, agent=world.agent, role="primary")


@leaves("tasks.end_assignment", "task.created", "assignment.made", "assignment.ended")
def end_assignment(world: World) -> None:
    assignment = assign(world)
    with acting(world, "engineer"):
        tasks.end_assignment(assignment=assignment)


@leaves("tasks.bulk_create", "task.created", "task.created")
def bulk_create(world: World) -> None:
    with acting(world, "engineer"):
        tasks.bulk_create(items=[{"project": world.project, "title": title} for title in "ab"])


@leaves("tasks.bulk_update", "task.created", "task.updated")
def bulk_update(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_update(items=[{"task": task, "title": "b"}])


@leaves("tasks.bulk_assign", "task.created", "task.assigned")
def bulk_assign(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_assign(tasks=[task], agent=world.agent)


@leaves("tasks.bulk_close", "task.created", "task.cancelled")
def bulk_close(world: World) -> None:
    task = make_task(world)
    with acting(world, "engineer"):
        tasks.bulk_close(tasks=[task], resolution="cancelled", reason="no")


@leaves("tasks.reopen_task", "task.created", "task.reopened")
def reopen_task(world: World) -> None:
    task = make_task(world, status="draft")
    with acting(world, "engineer"):
        tasks.reopen_task(task=task, reason="go")


STARTED = ("task.created", "task.claimed")


@leaves("tasks.fail_execution", *STARTED, "execution.failed", "task.released")
def fail_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.fail_execution(claim=claim, error="x", retryable=True)


@leaves("tasks.release_execution", *STARTED, "task.released")
def release_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "agent"):
        tasks.release_execution(claim=claim)


@leaves("tasks.direct_execution", *STARTED, "execution.directed")
def direct_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        execution = Execution.objects.get(id=claim.execution_id)
        tasks.direct_execution(execution=execution, directive="wrap_up", reason="enough")


@leaves("tasks.cancel_execution", *STARTED, "execution.cancel_requested")
def cancel_execution(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        tasks.cancel_execution(execution=Execution.objects.get(id=claim.execution_id), reason="stop")


@leaves("tasks.take_lease", *STARTED, "execution.cancelled", "task.released")
def take_lease(world: World) -> None:
    _, claim = started(world)
    with acting(world, "engineer"):
        tasks.take_lease(execution=Execution.objects.get(id=claim.execution_id), reason="mine")


@leaves("tasks.complete_execution", *STARTED, "execution.succeeded", "task.closed")
def complete_execution(world: World) -> None:
    complete(world, started(world)[1])


@leaves("tasks.hand_in_evidence", *STARTED, "evidence.registered", "task.verification_changed")
def hand_in_evidence(world: World) -> None:
    hand_in(world, started(world)[1])


@leaves("tasks.mark_silent_agents", *STARTED, "execution.succeeded", "task.closed", "agent.heartbeat_lost")
def mark_silent_agents(world: World) -> None:
    complete(world, started(world)[1])
    set_raw(world, "agents_agentstatus", "last_heartbeat_at = now() - interval '6 minutes'")
    with acting(world, "system"):
        tasks.mark_silent_agents()


@leaves("tasks.reap_expired_leases", *STARTED, "execution.timed_out", "task.released")
def reap_expired_leases(world: World) -> None:
    _, claim = started(world)
    run_out(world, claim.execution_id)
    with acting(world, "system"):
        tasks.reap_expired_leases()


@leaves("tasks.request_approval", *STARTED, "approval.requested")
def request_approval(world: World) -> None:
    ask(world, started(world)[1])


@leaves("tasks.respond_to_approval", *STARTED, "approval.requested", "approval.approved")
def respond_to_approval(world: World) -> None:
    answer(world, ask(world, started(world)[1]))


@leaves(
    "tasks.redeem_approval",
    *STARTED,
    "approval.requested",
    "approval.approved",
    "task.claimed",
    "approval.redeemed",
)
def redeem_approval(world: World) -> None:
    approval = ask(world, started(world)[1])
    answer(world, approval)
    claim = lease(world, claim_one(world).execution)
    with acting(world, "agent"):
        tasks.redeem_approval(claim=claim, approval_id=approval.id, digest=approval.digest)


@leaves("tasks.expire_approvals", *STARTED, "approval.requested", "approval.expired", "task.blocked")
def expire_approvals(world: World) -> None:
    approval = ask(world, started(world)[1], expires_in=timedelta(seconds=5))
    set_raw(world, "tasks_approvalrequest", "expires_at = now() - interval '1 second'", approval.id)
    with acting(world, "system"):
        tasks.expire_approvals()


@leaves(
    "tasks.submit_signoff",
    *("task.created", "contract.set", "task.claimed", "execution.succeeded", "task.submitted"),
    *("evidence.registered", "criterion.evaluated", "task.closed"),
)
def submit_signoff(world: World) -> None:
    task, claim = started(world, SIGNOFF)
    complete(world, claim)
    with acting(world, "reviewer"):
        tasks.submit_signoff(task=task, principal=world.reviewer.principal(), approved=True, comment="read")


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
