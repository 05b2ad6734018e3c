"""`manage.py load_sample`: valid rows, the same for the same seed, in a tenant of their own."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Tenant, User
from audit.models import Event, Position
from common.context import SYSTEM
from common.tenancy import system_call, tenant_context
from evidence.models import Evidence
from projects.models import Project, ProjectMember
from tasks.management.load.rows import Sizes
from tasks.models import Execution, Task, TaskStatus

SIZES = {"users": 20, "projects": 3, "agents": 5, "tasks": 100, "events": 250}


@pytest.fixture(autouse=True)
def development(settings: Any) -> None:
    settings.DEVELOPMENT = True


def load(slug: str, **options: Any) -> str:
    told = StringIO()
    call_command("load_sample", slug=slug, stdout=told, **SIZES | options)
    return told.getvalue()


def tenant_named(slug: str) -> Any:
    for row in system_call("list_tenants"):
        with tenant_context(row["tenant_id"], actor=SYSTEM):
            if Tenant.objects.filter(slug=slug).exists():
                return row["tenant_id"]
    raise AssertionError(slug)


def titles(slug: str) -> list[str]:
    with tenant_context(tenant_named(slug), actor=SYSTEM):
        return list(Task.objects.order_by("number", "project__key").values_list("title", flat=True))


def test_it_makes_as_many_rows_as_asked(db: None) -> None:
    load("sample-a")
    with tenant_context(tenant_named("sample-a"), actor=SYSTEM):
        closed = Task.objects.filter(status=TaskStatus.CLOSED).count()
        assert User.objects.count() == SIZES["users"] + 1
        assert (Project.objects.count(), ProjectMember.objects.count()) == (3, 30)
        assert Task.objects.count() == SIZES["tasks"]
        assert closed == Execution.objects.filter(status="success").count() == 70
        assert Evidence.objects.count() == 35
        assert Event.objects.filter(resource_type="task").count() == SIZES["events"]
        assert Position.objects.count() == Event.objects.count()


def test_every_project_numbers_its_tasks_densely(db: None) -> None:
    load("sample-b")
    with tenant_context(tenant_named("sample-b"), actor=SYSTEM):
        for project in Project.objects.all():
            numbers = sorted(Task.objects.filter(project=project).values_list("number", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))
            assert project.last_task_number >= numbers[-1]


def test_the_same_seed_gives_the_same_rows_and_another_one_others(db: None) -> None:
    for slug, seed in (("sample-c", 7), ("sample-d", 7), ("sample-e", 8)):
        load(slug, seed=seed)
    assert titles("sample-c") == titles("sample-d") != titles("sample-e")


def test_a_taken_name_and_impossible_sizes_are_refused(db: None) -> None:
    load("sample-f")
    with pytest.raises(CommandError, match="taken"):
        load("sample-f")
    with pytest.raises(CommandError, match="at least 10 users"):
        load("sample-g", users=3)
    with pytest.raises(ValueError, match="at least one"):
        Sizes(users=20, projects=0, agents=1, tasks=1, events=0)


def test_the_password_comes_from_the_environment_or_is_printed_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert " with " in load("sample-h")
    monkeypatch.setenv("SEED_PASSWORD", "a password of the environment")
    told = load("sample-i")
    assert "a password of the environment" not in told
    with tenant_context(tenant_named("sample-i"), actor=SYSTEM):
        assert User.objects.get(email="admin@sample-i.example.org").check_password("a password of the environment")


def test_a_batch_that_takes_long_is_no_news(db: None, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.SLOW_QUERY_SECONDS = 0.0
    load("sample-k")
    assert [record for record in caplog.records if "INSERT INTO tasks_task" in str(vars(record))] == []


def test_it_refuses_a_database_that_is_no_development_one(db: None, settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="--force"):
        load("sample-j")
    load("sample-j", force=True)
