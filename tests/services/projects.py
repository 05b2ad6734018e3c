"""What each service of projects leaves in the log: scenes for tests/test_services_record.py."""

from projects import services as projects
from projects.models import ProjectMember
from tests.services.registry import SCENES, as_

SCENES |= {
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
}
