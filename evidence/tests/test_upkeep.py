"""What time does: expiry, decay, records, policies and the scrub."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from common.errors import DomainError, Forbidden, Invalid
from common.ids import sha256_hex
from evidence import jobs
from evidence.credibility import DOCUMENT_V1, POLICY_V1
from evidence.models import CredibilityChange, CredibilityPolicy, Evidence, EvidenceStatus
from evidence.queries import explain
from evidence.services import (
    About,
    apply_decay,
    apply_policy,
    apply_records,
    expire_evidence,
    publish_policy,
    reject_evidence,
    scrub_content,
    submit_evidence,
    verify_evidence,
)
from evidence.services import scores as score_keeping
from tests.checked import Signer, fresh, join, piece, say
from tests.work import acting, events_of, newest_event
from tests.world import World

Sweep = Callable[..., Any]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let scores be computed some time from now; the database's clock cannot be moved."""

    def shift(span: timedelta) -> None:
        real = score_keeping.now_alone
        monkeypatch.setattr(score_keeping, "now_alone", lambda name: real(name) + span)

    return shift


def run(world: World, sweep: Sweep, **values: Any) -> Any:
    with world.as_("system"):
        return sweep(**values)


def lines(world: World, evidence: Evidence) -> list[str]:
    with world.as_("system"):
        found = CredibilityChange.objects.filter(evidence=evidence).order_by("id")
        return list(found.values_list("reason_code", flat=True))


# --- expiry -----------------------------------------------------------------------------------------------------------


def expiring(world: World, **values: Any) -> Evidence:
    """Hand in evidence that has just run out: its end is fixed, so it was handed in earlier."""
    past = timezone.now() - timedelta(seconds=1)
    with world.as_("engineer"):
        facts = {"source_type": "test_result", "grade": "human", "title": "old", "credibility": Decimal(".8")}
        content = {"content": "x", "content_sha256": sha256_hex(b"x"), "expires_at": past}
        made: Evidence = Evidence.objects.create(
            project=world.project, author=world.engineer, **{**facts, **content, **values}
        )
    return made


def test_what_has_run_out_expires_once_and_counts_for_nothing(world: World) -> None:
    evidence = expiring(world)
    with world.as_("system"):
        assert not Evidence.objects.counting().exists()
    assert run(world, expire_evidence) == 1
    assert run(world, expire_evidence) == 0
    assert fresh(world, evidence).status == EvidenceStatus.EXPIRED
    assert events_of(world, resource_id=evidence.id) == ["evidence.expired"]
    with world.as_("system"):
        assert not Evidence.objects.counting().exists()


def test_what_expires_takes_its_support_along(world: World) -> None:
    subject, supporter = piece(world), expiring(world, expires_at=timezone.now() + timedelta(milliseconds=400))
    say(world, supporter)
    join(world, supporter, subject)
    assert fresh(world, subject).credibility > Decimal(".25")
    time.sleep(0.5)
    run(world, expire_evidence)
    assert fresh(world, subject).credibility == Decimal(".2500")


@pytest.mark.parametrize(
    "times",
    [{"expires_at": timedelta(seconds=-1)}, {"collected_at": timedelta(hours=1)}],
)
def test_evidence_is_not_handed_in_expired_or_from_the_future(world: World, times: dict[str, timedelta]) -> None:
    moments: dict[str, Any] = {name: timezone.now() + span for name, span in times.items()}
    with pytest.raises(Invalid):
        piece(world, **moments)


# --- decay ------------------------------------------------------------------------------------------------------------


def test_decay_is_kept_by_steps_and_not_by_ticks(world: World, later: Any) -> None:
    evidence = piece(world)
    say(world, evidence)
    run(world, apply_decay)
    assert lines(world, evidence) == ["created", "attested"]
    later(timedelta(days=10))
    run(world, apply_decay)
    assert lines(world, evidence) == ["created", "attested"]
    later(timedelta(days=170))
    run(world, apply_decay)
    assert lines(world, evidence) == ["created", "attested", "decayed"]
    after = fresh(world, evidence)
    assert after.credibility == Decimal(".6053")
    with world.as_("system"):
        assert explain(after, after.as_of).matches(after)


def test_decay_pages_through_everything_that_ages(world: World) -> None:
    assert run(world, apply_decay) is None
    first, last = piece(world, mutable=True), piece(world, mutable=True)
    piece(world)
    assert run(world, apply_decay) == last.id
    assert run(world, apply_decay, after=first.id) == last.id
    assert run(world, apply_decay, after=last.id) is None


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_record_of_being_right_or_wrong_follows_an_attester(world: World) -> None:
    signer = Signer(world, world.stranger)
    judged, other = piece(world, title="judged"), piece(world, title="other")
    for evidence in (judged, other):
        signer.attest(evidence, method="static_check")
    before = fresh(world, other).credibility
    with acting(world, "reviewer"):
        reject_evidence(evidence=fresh(world, judged), principal=world.reviewer.principal(), note="no")
    assert run(world, apply_records) >= 1
    after = fresh(world, other)
    # r falls from 1.4 / 2 to 1.4 / 3
    assert (before, after.credibility) == (Decimal(".4444"), Decimal(".3919"))
    assert lines(world, other)[-1] == "attester_record_changed"
    assert run(world, apply_records) == 0
    with world.as_("system"):
        assert explain(after, after.as_of).matches(after)


def test_the_source_has_a_record_of_its_own(world: World) -> None:
    judged = piece(world)
    with acting(world, "reviewer"):
        verify_evidence(evidence=fresh(world, judged), principal=world.reviewer.principal())
    assert fresh(world, judged).historical_accuracy is None
    following = piece(world)
    assert following.historical_accuracy == 100
    assert following.credibility_factors["admiralty"] == "C6"


# --- policies ---------------------------------------------------------------------------------------------------------


def publish(world: World, who: str = "admin", **changes: Any) -> CredibilityPolicy:
    document = {**DOCUMENT_V1, "version": 2, **changes}
    with acting(world, who):
        return publish_policy(principal=world.people[who].principal(), document=document, note="calibrated")


def test_a_new_policy_is_applied_to_all_with_its_line_in_each_history(world: World) -> None:
    evidence = piece(world)
    old = fresh(world, evidence)
    policy = publish(world, base_rates={**DOCUMENT_V1["base_rates"], "agent_self_report": ".10"})
    assert run(world, apply_policy) == 1
    assert run(world, apply_policy) == 0
    after = fresh(world, evidence)
    assert (after.credibility, after.policy) == (Decimal(".1000"), policy)
    assert lines(world, evidence) == ["created", "policy_changed"]
    with world.as_("system"):
        assert explain(after, old.as_of).opinion.credibility == Decimal(".2500")
        assert explain(after, after.as_of).matches(after)
    assert piece(world).credibility == Decimal(".1000")


def test_evidence_from_before_there_were_policies_is_brought_up_to_date(world: World) -> None:
    evidence = expiring(world, expires_at=None)
    assert run(world, apply_policy) == 1
    after = fresh(world, evidence)
    assert after.policy is not None
    assert after.policy.sha256 == POLICY_V1.sha256
    assert after.as_of is not None


@pytest.mark.parametrize(
    ("who", "changes", "error"),
    [
        ("engineer", {}, Forbidden),
        ("admin", {"version": 3}, Invalid),
        ("admin", {"step": "x"}, Invalid),
        ("admin", {"more": 1}, Invalid),
    ],
)
def test_a_policy_is_published_whole_next_and_by_those_who_may(
    world: World, who: str, changes: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        publish(world, who, **changes)


# --- content ----------------------------------------------------------------------------------------------------------


def test_the_scrub_believes_nothing_of_what_does_not_match_its_digest(world: World) -> None:
    subject = piece(world)
    good = piece(world, content="as it was")
    wrong = "0" + good.content_sha256[1:]
    broken = expiring(world, expires_at=None, content="changed on the disk", content_sha256=wrong)
    say(world, broken)
    join(world, broken, subject)
    for digit in "0123456789abcdef":
        after = None
        while (after := run(world, scrub_content, slice_of=digit, after=after)) is not None:
            pass
    failed = fresh(world, broken)
    assert (failed.status, failed.credibility) == (EvidenceStatus.INTEGRITY_FAILED, 0)
    assert fresh(world, subject).credibility == Decimal(".2500")
    assert fresh(world, good).status == EvidenceStatus.CURRENT
    assert f'"expected":"{wrong}"' in newest_event(world, "evidence.content_mismatched").body
    assert events_of(world, event_type="evidence.content_verified")
    with pytest.raises(DomainError):
        say(world, broken, "admin")
    with world.as_("system"):
        assert list(Evidence.objects.counting().filter(id=broken.id)) == []
        assert explain(failed, failed.as_of).matches(failed)


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_every_job_runs_in_every_tenant(world: World, other_world: World) -> None:
    mine, theirs = expiring(world), expiring(other_world)
    for job in (jobs.expire_evidence, jobs.refresh_scores, jobs.apply_decay, jobs.scrub_content):
        job()
    assert fresh(world, mine).status == EvidenceStatus.EXPIRED
    assert fresh(other_world, theirs).status == EvidenceStatus.EXPIRED


def test_what_goes_wrong_in_one_tenant_does_not_hold_up_the_others(
    world: World, other_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    def sweep(**_: Any) -> None:
        done.append(datetime.now())
        if len(done) == 1:
            raise RuntimeError

    jobs.in_each_tenant(sweep)
    jobs.in_pages(sweep)
    assert len(done) >= 4


def test_a_first_score_is_the_policys_and_dated(world: World) -> None:
    with world.as_("engineer"):
        made = submit_evidence(
            about=About(project_id=world.project.id),
            source_type="web_page",
            title="page",
            content="x",
            author_id=world.engineer.id,
            mutable=True,
            collected_at=timezone.now() - timedelta(days=30),
            tags=["ci"],
        )
        assert made.policy is not None
        assert (made.policy.version, made.credibility) == (1, Decimal(".4000"))
        assert explain(made, made.as_of).matches(made)
        assert lines(world, made) == ["created"]
