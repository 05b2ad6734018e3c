"""`manage.py run_checks`: the commands of open gates are run, and pass or fail by what they say."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.services import register_agent
from evidence.models import Evidence
from projects.models import Gate, GateCheck
from tasks.management.commands import run_checks
from tests.delivery import Delivery, make_delivery
from tests.work import acting
from tests.world import World


@pytest.fixture
def delivery(world: World) -> Delivery:
    """An open gate of an agent that did none of the work behind it."""
    made = make_delivery(world)
    made.finish()
    with acting(world, "admin"):
        validator = register_agent(owner=world.admin, name="validator", agent_type="tester")
    with world.as_("admin"):
        Gate.objects.filter(id=made.gate.id).update(owner_agent_id=validator.id)
    return made


def run(delivery: Delivery, checkout: Path, command: str) -> tuple[str, GateCheck]:
    """Let the check's command be `command`; return what was printed and the check as it is then."""
    with delivery.world.as_("admin"):
        GateCheck.objects.filter(id=delivery.run_check.id).update(command=command)
    printed = StringIO()
    world = delivery.world
    call_command(
        "run_checks", world.project.key, tenant=world.tenant.slug, checkout=checkout, stdout=printed, no_color=True
    )
    return printed.getvalue(), delivery.now(delivery.run_check)


def test_a_command_that_succeeds_passes_its_check_with_evidence(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    printed, check = run(delivery, tmp_path, "ls; echo 12 passed")
    assert (check.state, check.exit_code) == ("pass", 0)
    assert "pass in" in printed
    with delivery.world.as_("system"):
        evidence = Evidence.objects.get(title=check.text)
    assert (evidence.content, evidence.data["command"]) == ("there\n12 passed\n", "ls; echo 12 passed")
    assert run(delivery, tmp_path, "ls")[0] == "No gate is open with a command to run.\n"


def test_a_command_that_fails_fails_its_check_and_may_be_run_again(delivery: Delivery, tmp_path: Path) -> None:
    printed, check = run(delivery, tmp_path, "echo 2 failed; exit 3")
    assert (check.state, check.exit_code) == ("fail", 3)
    assert "fail (3)" in printed
    assert run(delivery, tmp_path, "true")[1].state == "pass"


def test_a_command_that_takes_too_long_fails(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_checks, "TIME_LIMIT", 0.2)
    assert run(delivery, tmp_path, "sleep 20")[1].exit_code == run_checks.TIMED_OUT


def test_a_gate_without_an_agent_is_named(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.world.as_("admin"):
        Gate.objects.filter(id=delivery.gate.id).update(owner_agent_id=None)
    with pytest.raises(CommandError, match=r"Review 1 has no agent"):
        run(delivery, tmp_path, "true")


def test_an_unknown_tenant_or_folder_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no tenant nobody"):
        call_command("run_checks", "CM", tenant="nobody")
    with pytest.raises(CommandError, match="no folder"):
        call_command("run_checks", "CM", tenant=world.tenant.slug, checkout=tmp_path / "gone")
