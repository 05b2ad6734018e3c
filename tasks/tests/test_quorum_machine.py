"""The quorum of a critical approval, driven at random: who said what, who may still say it, and what is redeemed."""

from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.errors import DomainError
from projects.models import ProjectMember, ProjectRole
from tasks.models import ApprovalRequest, ApprovalResponse
from tasks.permissions import may_decide
from tasks.services import expire_approvals, redeem_approval
from tests.sizes import run_machine, short_and_long
from tests.work import acting, answer, ask, claim_one, lease, started
from tests.world import World

STEPS = 25
PEOPLE = ("reviewer", "viewer", "admin", "engineer", "stranger")
MEMBERS = ("reviewer", "viewer")
CONTENTS = ({"command": "a"}, {"command": "b"})
DEEDS = ("approve", "approve", "approve", "amend", "amend", "redeem", "redeem", "reject", "change_role", "expire")


class QuorumMachine(RuleBasedStateMachine):
    """One question that two people must answer alike. The engineer owns the agent that asked."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.approval: ApprovalRequest = ask(self.world, started(self.world)[1], risk="critical")
        self.holder: Any = None
        self.redeemed = 0
        for member in MEMBERS:
            self.give(member, ProjectRole.MAINTAINER)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        self.random = random

    @rule()
    def somebody_acts(self) -> None:
        try:
            with transaction.atomic():
                getattr(self, self.random.choice(DEEDS))()
        except DomainError:
            pass

    # --- deeds ------------------------------------------------------------------------------------------------------

    def approve(self) -> None:
        answer(self.world, self.approval, who=self.random.choice(PEOPLE))

    def amend(self) -> None:
        content = self.random.choice(CONTENTS)
        answer(self.world, self.approval, "amend", who=self.random.choice(PEOPLE), amended_content=content)

    def reject(self) -> None:
        if self.random.random() < 0.3:
            answer(self.world, self.approval, "reject", who=self.random.choice(PEOPLE))

    def give(self, who: str, role: ProjectRole) -> None:
        with self.world.as_("admin"):
            ProjectMember.objects.filter(user=self.world.people[who]).update(role=role)

    def change_role(self) -> None:
        self.give(self.random.choice(MEMBERS), self.random.choice([ProjectRole.MAINTAINER, ProjectRole.VIEWER]))

    def expire(self) -> None:
        if self.random.random() < 0.2:
            with self.world.as_("system"):
                ApprovalRequest.objects.filter(id=self.approval.id).update(expires_at="2026-01-01T00:00:00Z")
                expire_approvals()

    def redeem(self) -> None:
        if self.holder is None and self.now().status in ("approved", "amended"):
            self.holder = lease(self.world, claim_one(self.world).execution)
        if self.holder:
            entitled = self.agreeing(entitled=True)
            with acting(self.world, "agent"):
                redeem_approval(claim=self.holder, approval_id=self.approval.id, digest=self.approval.digest)
            self.redeemed += 1
            assert len(entitled) >= 2, "redeemed without two people who may decide"

    # --- what holds -------------------------------------------------------------------------------------------------

    def now(self) -> ApprovalRequest:
        with self.world.as_("system"):
            return ApprovalRequest.objects.select_related("agent").get(id=self.approval.id)

    def agreeing(self, *, entitled: bool = False) -> set[Any]:
        """Return who said what was decided; where asked for, only those who may decide now."""
        decided = self.now()
        action = {"approved": "approve", "amended": "amend"}.get(decided.status, "")
        with self.world.as_("system"):
            said = ApprovalResponse.objects.filter(approval=decided, counted=True, action=action)
            rows = [row for row in said.select_related("user") if row.amended_content == decided.amended_content]
            return {row.user_id for row in rows if not entitled or may_decide(row.user.principal(), decided)}

    @invariant()
    def two_different_people_said_what_was_decided(self) -> None:
        decided = self.now()
        assert self.redeemed <= 1
        assert bool(decided.redeemed_at) == bool(self.redeemed)
        if decided.status in ("approved", "amended"):
            assert len(self.agreeing()) >= decided.quorum == 2
        with self.world.as_("system"):
            given = list(ApprovalResponse.objects.filter(counted=True).values_list("user_id", "action"))
        assert len({user for user, _ in given}) == len(given)
        assert not {self.world.engineer.id, self.world.stranger.id} & {user for user, _ in given}
        assert ("reject" in {action for _, action in given}) == (decided.status == "rejected")


@pytest.mark.parametrize("examples", short_and_long(2, 40))
def test_nothing_is_redeemed_that_two_people_did_not_allow(world: World, examples: int) -> None:
    QuorumMachine.world = world
    run_machine(QuorumMachine, examples=examples, steps=STEPS)
