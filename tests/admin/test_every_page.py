"""Every page of the admin: registered, cheap, by right, and read-only where nothing may be edited."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from common.admin import TenantAdmin
from common.models import TenantModel
from tests.api.scene import Scene
from tests.sizes import short_and_long
from tests.staff import MOST_QUERIES, signed_in
from tests.world import World

OURS = ("audit", "accounts", "projects", "agents", "evidence", "tasks")
BASELINE = Path(__file__).with_name("query_counts.json")

# What staff has no business with: the relay's working tables, and credentials of requests.
WITHOUT_A_PAGE = {"audit.Pending", "audit.Position", "accounts.IdempotencyKey"}

REGISTERED: dict[str, Any] = {
    model._meta.label: page for model, page in admin.site._registry.items() if model._meta.app_label in OURS
}
APPEND_ONLY = [
    label for label, page in REGISTERED.items() if not issubclass(page.model, TenantModel) and "Tenant" not in label
]


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def give_roles(world: World, user: User, *roles: str) -> Client:
    """Make somebody staff with these roles, and sign them in."""
    with world.as_("admin"):
        User.objects.filter(id=user.id).update(is_staff=True, staff_roles=list(roles))
    return signed_in(user)


def test_every_model_has_a_page() -> None:
    models = {model._meta.label for app in OURS for model in apps.get_app_config(app).get_models()}
    assert models - set(REGISTERED) == WITHOUT_A_PAGE
    assert all(isinstance(page, TenantAdmin) for page in REGISTERED.values())


def test_a_change_list_costs_what_the_baseline_says(scene: Scene) -> None:
    client = signed_in(scene.world.admin)
    client.get("/admin/")
    counts = {}
    for label, page in REGISTERED.items():
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address(page.model, "changelist"))
        assert answer.status_code == 200, label
        statements = [entry["sql"] for entry in captured.captured_queries]
        assert not [sql for sql in statements if "COUNT(*)" in sql.upper() or " OFFSET " in sql], label
        counts[label] = len(statements)
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    assert counts == json.loads(BASELINE.read_text())
    assert max(counts.values()) <= MOST_QUERIES


@pytest.mark.parametrize("label", REGISTERED)
@pytest.mark.parametrize("every", short_and_long(4, 1))
def test_a_change_list_narrows_by_each_filter_and_takes_any_search(scene: Scene, label: str, every: int) -> None:
    page = REGISTERED[label]
    world = scene.world
    client = signed_in(world.admin)
    target = address(page.model, "changelist")
    queries = [f"?q={term}" for term in ("", "x", "%00", "CM-1", "x" * 500, world.project.id)]
    listed = client.get(target)
    for spec in listed.context["cl"].filter_specs:
        queries += [choice["query_string"] for choice in spec.choices(listed.context["cl"])]
        if getattr(spec, "parameter_name", None):
            queries += [f"?{spec.parameter_name}={value}" for value in ("nonsense", "%00", world.project.id)]
    queries = queries[list(REGISTERED).index(label) % every :: every]  # each page is asked something else
    answers = {query: client.get(f"{target}{query}").status_code for query in queries}
    assert {status for status in answers.values() if status not in {200, 302}} == set(), answers


@pytest.mark.parametrize("label", REGISTERED)
def test_the_form_that_adds_opens_where_there_is_one(scene: Scene, label: str) -> None:
    page = REGISTERED[label]
    adds = bool(getattr(page, "add_fields", ()))
    answer = signed_in(scene.world.admin).get(address(page.model, "add"))
    assert answer.status_code == (200 if adds else 403)
    if adds:
        assert b'name="reason"' in answer.content


def test_every_action_asks_for_its_reason_before_it_does_anything(scene: Scene) -> None:
    client = signed_in(scene.world.admin)
    for label, page in REGISTERED.items():
        target = address(page.model, "changelist")
        listed = client.get(target).context["cl"].result_list
        for action in (page.actions or ()) if listed else ():
            asked = client.post(target, {"action": action, "_selected_action": [str(listed[0].pk)], "index": "0"})
            assert asked.status_code == 200, (label, action)
            assert b'name="reason"' in asked.content, (label, action)


@pytest.mark.parametrize("label", APPEND_ONLY)
def test_what_is_append_only_is_read_only_even_for_an_administrator(scene: Scene, label: str) -> None:
    world = scene.world
    model = REGISTERED[label].model
    client = signed_in(world.admin)
    assert client.get(address(model, "add")).status_code == 403
    with world.as_("admin"):
        row = model._default_manager.order_by("-pk").first()
    if row is None:
        return
    shown = client.get(address(model, "change", row.pk))
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert client.post(address(model, "change", row.pk), {"reason": "because"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_viewer_reads_the_own_projects_and_changes_nothing(scene: Scene) -> None:
    world = scene.world
    member, stranger = (give_roles(world, person, "viewer") for person in (world.viewer, world.stranger))
    for client, sees in ((member, True), (stranger, False)):
        listed = client.get("/admin/tasks/task/")
        assert bool(listed.context["cl"].result_list) is sees
    for label in ("accounts_user", "audit_event"):
        assert member.get(reverse(f"admin:{label}_changelist")).status_code == 403
    assert member.get("/admin/tasks/task/add/").status_code == 403
    page = address(REGISTERED["projects.Project"].model, "change", world.project.id)
    assert member.get(page).status_code == 200
    assert member.post(page, {"name": "N", "reason": "because"}).status_code == 403
    assert stranger.get(page).status_code == 302


def test_an_operator_runs_actions_and_fills_no_form(world: World) -> None:
    client = give_roles(world, world.reviewer, "operator")
    listed = client.get("/admin/agents/agent/")
    assert b'value="suspend"' in listed.content
    assert client.get("/admin/agents/agent/add/").status_code == 403
    assert b'value="archive"' not in client.get("/admin/projects/project/").content


def test_an_auditor_reads_everything_and_changes_nothing(scene: Scene) -> None:
    world = scene.world
    client = give_roles(world, world.stranger, "auditor")
    for label, page in REGISTERED.items():
        listed = client.get(address(page.model, "changelist"))
        assert listed.status_code == 200, label
        assert b'name="action"' not in listed.content, label
        assert client.get(address(page.model, "add")).status_code == 403, label
    assert client.get("/admin/tasks/task/").context["cl"].result_list


def test_a_project_admin_changes_projects_and_no_people(world: World) -> None:
    client = give_roles(world, world.engineer, "project_admin")
    page = address(REGISTERED["projects.Project"].model, "change", world.project.id)
    assert b'name="_save"' in client.get(page).content
    assert client.get("/admin/accounts/user/").status_code == 403


def test_a_platform_admin_may_do_what_an_administrator_may(world: World) -> None:
    client = give_roles(world, world.stranger, "platform_admin")
    assert client.get("/admin/accounts/user/add/").status_code == 200
    assert client.get("/admin/audit/event/").status_code == 200
    assert b'value="suspend"' in client.get("/admin/agents/agent/").content
