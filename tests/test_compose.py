"""docker-compose.yml and the image: by the specification's schema, and by our own settings, commands and routes."""

import re
import shlex
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from common.embedded.product import QUEUES
from tests import compose
from tests.compose import OF_THE_FILE, ROOT, NotSetError

PROGRAMS = {"python", "celery", "uvicorn"}
OTHERS = {"POSTGRES_DB", "POSTGRES_PASSWORD", "REDISCLI_AUTH"}
SECRET = re.compile(r"PASSWORD|KEY|SECRET|TOKEN")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return compose.read(
        compose.development() | {"BACKUP_DIR": "/backups", "BACKUP_DATABASE_URL": "postgresql://b@db/c"}
    )


@pytest.fixture(scope="module")
def ours(document: dict[str, Any]) -> dict[str, Any]:
    """The services that run our image."""
    return {name: one for name, one in document["services"].items() if one.get("image") == "countermark"}


def words(service: dict[str, Any]) -> list[str]:
    command = service.get("command", [])
    return shlex.split(command) if isinstance(command, str) else command


def test_it_is_a_compose_file(document: dict[str, Any]) -> None:
    found = jsonschema.Draft202012Validator(compose.schema()).iter_errors(document)
    assert [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in found] == []


def test_the_schema_would_find_a_mistake(document: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(compose.schema())
    assert not validator.is_valid(document | {"servces": {}})
    assert not validator.is_valid({"services": {"web": {"image": "x", "comand": "y"}}})


def test_every_variable_that_a_service_gets_is_known(ours: dict[str, Any], document: dict[str, Any]) -> None:
    for name, service in document["services"].items():
        known = set(settings.VARIABLES.declared) if name in ours else OTHERS
        assert set(service.get("environment", {})) <= known, name


def test_every_variable_that_it_asks_for_is_one_of_ours() -> None:
    asked = {match["name"] for match in compose.VARIABLE.finditer(compose.text())}
    assert asked <= set(settings.VARIABLES.declared) | OF_THE_FILE


def test_nothing_in_the_file_hides_what_countermark_env_sets(ours: dict[str, Any]) -> None:
    """`environment` beats `env_file`, so an empty value there would."""
    for name, service in ours.items():
        assert service["env_file"] == [{"path": "countermark.env", "required": False}], name
    assert not re.search(r"^ {4}\w+: \$\{\w+:-\}", compose.text().split("\nservices:")[0], re.M)
    for file in (".gitignore", ".dockerignore"):
        assert "countermark.env" in (ROOT / file).read_text().replace("/", "").split(), file


def test_all_processes_keep_their_counts_in_one_folder(ours: dict[str, Any], document: dict[str, Any]) -> None:
    for name, service in ours.items():
        assert f"metrics:{service['environment']['PROMETHEUS_MULTIPROC_DIR']}" in service["volumes"], name
    assert document["volumes"]["metrics"]["driver_opts"]["type"] == "tmpfs"


def test_the_services_get_all_that_must_be_set(ours: dict[str, Any]) -> None:
    required = {name for name, reading in settings.VARIABLES.readings.items() if reading.required}
    assert required
    for name, service in ours.items():
        assert required <= {key for key, value in service["environment"].items() if value}, name


def test_secrets_stay_with_those_who_need_them(ours: dict[str, Any]) -> None:
    holders = {
        secret: {name for name, one in ours.items() if secret in one["environment"]}
        for secret in ("DATABASE_OWNER_URL", "LOG_KEY", "BACKUP_DATABASE_URL")
    }
    assert holders == {"DATABASE_OWNER_URL": {"migrate"}, "LOG_KEY": {"relay"}, "BACKUP_DATABASE_URL": {"backup"}}


def test_no_secret_has_a_default() -> None:
    for match in compose.VARIABLE.finditer(compose.text()):
        if SECRET.search(match["name"]):
            assert match["kind"] != "-" or not match["rest"], match[0]
    given = compose.development()
    for name in given:
        if SECRET.search(name):
            with pytest.raises(NotSetError, match=name):
                compose.read({key: value for key, value in given.items() if key != name})
            assert "development-only" in given[name] or given[name].startswith("d0d0"), name


def test_no_password_stands_in_the_file() -> None:
    document = yaml.safe_load(compose.text())
    plain = re.compile(r"(PASSWORD|_KEY|SECRET|requirepass)\w*[=:] *['\"]?[A-Za-z0-9]")
    assert not plain.search(re.sub(r"\$\{[^}]*\}", "", compose.text()))
    assert document["services"]["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_every_command_exists(ours: dict[str, Any]) -> None:
    for name, service in ours.items():
        command = words(service)
        assert not command or command[0] in PROGRAMS, name
        if command[:2] == ["python", "manage.py"]:
            assert command[2] in get_commands(), name
        if command[:1] == ["celery"]:
            assert command[1:3] == ["-A", "config"], name


def test_the_workers_serve_every_queue_and_no_other(ours: dict[str, Any]) -> None:
    served = [
        queue
        for one in ours.values()
        if "-Q" in words(one)
        for queue in words(one)[words(one).index("-Q") + 1].split(",")
    ]
    assert sorted(served) == sorted([*settings.QUEUES, "backup"])
    assert tuple(QUEUES.split(",")) == settings.QUEUES
    schedule: dict[str, Any] = dict(settings.CELERY_BEAT_SCHEDULE)
    used = {entry["options"]["queue"] for entry in schedule.values()}
    assert used <= set(settings.QUEUES)


def test_health_checks_ask_routes_that_exist(document: dict[str, Any]) -> None:
    checks = [str(one.get("healthcheck", {}).get("test", "")) for one in document["services"].values()]
    paths = [path for check in checks for path in re.findall(r"http://127\.0\.0\.1:8000(/[\w/]*)", check)]
    assert paths == ["/health/ready"]
    assert resolve(paths[0]).url_name == "health-ready"


def test_the_servers_are_what_verification_wants(document: dict[str, Any]) -> None:
    services = document["services"]
    assert services["db"]["image"].startswith("pgvector/pgvector:")
    policies = {
        name: words(services[name])[words(services[name]).index("--maxmemory-policy") + 1]
        for name in ("cache", "broker")
    }
    assert policies == {"cache": "allkeys-lru", "broker": "noeviction"}
    assert "@cache:" in services["web"]["environment"]["REDIS_CACHE_URL"]
    for name in ("REDIS_BROKER_URL", "REDIS_CHANNELS_URL"):
        assert "@broker:" in services["web"]["environment"][name]


def test_everything_waits_for_the_one_shot_migration(ours: dict[str, Any], document: dict[str, Any]) -> None:
    for name, service in ours.items():
        if name != "migrate":
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
    assert ours["migrate"]["restart"] == "no"
    order = compose.in_order(document["services"])
    assert order.index("db") < order.index("migrate") < order.index("web")


def test_ports_are_open_on_this_machine_only(document: dict[str, Any]) -> None:
    for name, service in document["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name


def test_volumes_and_mounted_files_exist(document: dict[str, Any]) -> None:
    for service in document["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in document["volumes"], mount


# --- the image --------------------------------------------------------------------------------------------------------
def test_the_image_is_built_by_hash_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    assert lines.count("FROM ") == 2
    assert lines.count("--require-hashes") == 2
    last = lines.rsplit("FROM ", 1)[1]
    assert "USER countermark" in last
    assert "pip install" not in last
    for name in re.findall(r"([A-Z][A-Z0-9_]+)=", " ".join(re.findall(r"ENV (.*?)(?=\n[A-Z])", lines, re.S))):
        assert name in settings.VARIABLES.declared or name.startswith(("PYTHON", "PIP_", "PATH")), name


def test_what_is_copied_into_the_image_exists_and_no_secret_is() -> None:
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M):
        assert all((ROOT / name).exists() for name in copied.split())
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".data", ".git", ".venv", ".env*"} <= set(ignored)
