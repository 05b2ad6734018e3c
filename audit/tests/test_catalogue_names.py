"""Every name of the specifications is one of ours, or is known to be something else than an event."""

import pytest

from audit.events import CATALOGUE, aliases, canonical_name


def words(text: str) -> list[str]:
    return text.split()


SWE = words(
    """
task_created task_updated task_assigned task_closed code_review_started code_review_completed code_pushed
test_executed deployment_started deployment_completed deployment_failed agent_executed agent_failed evidence_added
evidence_verified evidence_rejected user_created user_updated user_deleted permission_granted permission_revoked
project_created project_deleted security_issue_detected security_issue_resolved data_accessed data_modified
data_deleted api_call api_error system_error custom
"""
)
BMAD = words(
    """
task_created task_started task_completed task_failed task_cancelled hitl_request_created hitl_response hitl_timeout
hitl_cancelled agent_status_changed agent_error project_created project_completed project_cancelled system_error
system_warning webhook_received
"""
)
RECOMMENDED = words(
    """
task_deleted comment_added attachment_added agent_created agent_updated agent_heartbeat_lost budget_exceeded
emergency_stop_triggered emergency_stop_released project_updated project_archived artifact_created artifact_updated
credibility_changed gate_passed gate_failed review_submitted handoff_created handoff_accepted escalation_raised
login_succeeded login_failed
"""
)
LIVE = words(
    """
project.created project.updated project.archived project.completed project.deleted task.created task.updated
task.assigned task.started task.completed task.failed task.cancelled task.closed comment.created attachment.created
agent.status_changed agent.connected agent.disconnected agent.heartbeat_lost execution.started execution.completed
execution.failed execution.timeout execution.cancelled workflow.started workflow.paused workflow.resumed
workflow.completed workflow.failed hitl.requested hitl.responded hitl.expired hitl.cancelled artifact.created
artifact.updated evidence.added evidence.verified evidence.rejected credibility.changed chain.created phase.started
phase.completed gate.opened gate.passed gate.failed review.submitted handoff.created handoff.accepted handoff.rejected
escalation.raised budget.warning budget.exceeded emergency_stop.triggered emergency_stop.released pr.created
pr.updated pr.closed issue.created issue.updated issue.closed ai.suggestion ai.analysis_complete system.error
"""
)

# What the specification lists among its live events and is none of the log: what a socket says of itself, and progress,
# which is as frequent as a heartbeat (design/README.md §2).
NO_EVENTS = {
    "connection.established": "the socket's op `hello`",
    "connection.error": "the socket's close codes",
    "subscription.ok": "the socket's op `hello`",
    "subscription.denied": "the close codes 4403 and 4404",
    "task.progress": "a member of the execution",
    "execution.progress": "a member of the execution",
    "workflow.progress": "percentages of phases and plans, computed",
    "audit.recorded": "the socket's op `event`",
}


def known(names: list[str]) -> set[str]:
    return {name for name in names if canonical_name(name) in CATALOGUE}


@pytest.mark.parametrize("names", [SWE, BMAD, RECOMMENDED, LIVE], ids=["32", "17", "68", "live"])
def test_each_name_of_the_specification_is_a_name_or_an_alias(names: list[str]) -> None:
    assert set(names) - known(names) == set()


def test_the_lists_are_those_of_the_specification() -> None:
    assert (len(SWE), len(BMAD), len(set(SWE + BMAD)), len(set(SWE + BMAD + RECOMMENDED))) == (32, 17, 46, 68)
    assert len(CATALOGUE) >= 35


def test_what_is_no_event_is_none() -> None:
    assert not set(NO_EVENTS) & (set(CATALOGUE) | set(aliases()))


def test_a_name_is_its_own_canonical_one_and_an_alias_leads_there() -> None:
    assert canonical_name("task.created") == canonical_name("task_created") == "task.created"
    assert canonical_name("nothing.known") == "nothing.known"
