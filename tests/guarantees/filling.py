"""Rows of one tenant in every table: the scene of the API's tests, and what that leaves out."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import LinkPurpose, Passkey
from accounts.services import (
    begin_totp,
    confirm_totp,
    connect_identity,
    idempotency,
    issue_link,
    update_preferences,
)
from accounts.services.factors import code_at
from accounts.services.providers import Profile
from audit.models import Checkpoint, SubjectKey
from audit.services import add_cosignature, catch_up
from common.errors import LeaseLost
from evidence.models import Attestation
from evidence.services import revoke_attestation
from projects.models import Gate
from projects.services import PatternInput, submit_review
from tasks.services import append_log, create_standing_rule
from tests.api.scene import Scene, make_scene
from tests.work import PYTEST, acting, ask, complete, hand_in, run_out, started
from tests.world import World


def fill(world: World) -> None:
    """Give a tenant rows in every table, by the services where there is one."""
    scene = make_scene(world)
    log(world, scene)
    account(world)
    words(world, scene)
    attempts(world)


def log(world: World, scene: Scene) -> None:
    """What is made from the log; what happens after this waits for its position."""
    with world.as_("system"):
        checkpoint = Checkpoint.objects.get(tree_size=scene.names["size"])
        add_cosignature(checkpoint=checkpoint, line=scene.names["cosignature"])
        while catch_up():
            pass


def account(world: World) -> None:
    """What belongs to a person's account."""
    with world.as_("viewer"):
        update_preferences(user=world.viewer, time_zone="Europe/Berlin")
        confirm_totp(user=world.viewer, code=code_at(begin_totp(user=world.viewer).secret, timezone.now()))
        idempotency.reserve(world.viewer.principal(), route="/", key="key", fingerprint="0" * 64)
        issue_link(user=world.viewer, purpose=LinkPurpose.RESET)
        connect_identity(user=world.viewer, profile=Profile("oidc", f"viewer-{world.viewer.id}", "viewer"))
        Passkey.objects.create(user=world.viewer, name="Laptop", credential_id=b"key", credential=b"key")
        SubjectKey.objects.create(user_id=world.viewer.id, key="c2VjcmV0")


def words(world: World, scene: Scene) -> None:
    """What people say: a review that finds a pattern lost, an attestation that is taken back."""
    with world.as_("reviewer"):
        principal = world.reviewer.principal()
        submit_review(
            gate=Gate.objects.get(id=scene.names["reviewable"]),
            principal=principal,
            verdict="changes_requested",
            comments="Tracing is lost.",
            patterns=[PatternInput("Tracing", False, "no span")],
        )
        said = Attestation.objects.select_related("evidence").get(id=scene.names["attestation"])
        revoke_attestation(attestation=said, principal=principal, reason="by mistake")


def attempts(world: World) -> None:
    """A run that is judged by its contract, one that a standing rule answers, and one that comes too late."""
    _, judged = started(world, PYTEST, priority="critical")
    hand_in(world, judged)
    with world.as_("agent"):
        append_log(claim=judged, offset=0, content=b"output")
    complete(world, judged)
    rule(world)
    _, asking = started(world, priority="high")
    ask(world, asking, kind="question", action={"type": "shell.format"})
    _, late = started(world, priority="critical")
    run_out(world, late.execution_id)
    try:
        complete(world, late)
    except LeaseLost:
        return
    raise AssertionError("a late result was accepted")


def rule(world: World) -> None:
    with acting(world, "reviewer"):
        create_standing_rule(
            project=world.project,
            principal=world.reviewer.principal(),
            answer="approve",
            reason="Formatting is harmless.",
            action_pattern="shell.*",
            expires_at=timezone.now() + timedelta(days=1),
        )
