"""The embedded servers: real ones, started in a folder of the test."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
import redis
from psycopg import errors
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.embedded import identity, postgres, processes, valkey
from common.embedded.errors import EmbeddedError
from common.embedded.folder import DataFolder
from common.embedded.identity import Identity
from common.embedded.servers import DATABASE, KEYS, REDIS, Servers, is_given

Start = Callable[[], Servers]
FULL = dict.fromkeys((*DATABASE, *REDIS, *KEYS), "given")


@pytest_asyncio.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    made = Servers(DataFolder(tmp_path), {}, durable=False)
    await made.start()
    yield made
    await made.stop()


async def test_both_servers_start_with_what_the_product_needs(servers: Servers) -> None:
    with psycopg.connect(servers.environment["DATABASE_OWNER_URL"]) as owner:
        row = owner.execute("SELECT array_agg(extname::text), '[1,2]'::vector <-> '[1,2]' FROM pg_extension").fetchone()
    assert row is not None
    assert {"vector", "pg_trgm", "btree_gin"} <= set(row[0])
    for name in REDIS:
        with redis.Redis.from_url(servers.environment[name]) as client:
            assert client.ping()
    with redis.Redis.from_url(servers.environment["REDIS_BROKER_URL"]) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert len({servers.environment[name] for name in REDIS}) == len(REDIS)


async def test_a_password_is_asked_for(servers: Servers) -> None:
    address = servers.environment["DATABASE_OWNER_URL"].rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@{address}")
    port = servers.environment["REDIS_CACHE_URL"].rpartition(":")[2].partition("/")[0]
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=int(port), retry=Retry(NoBackoff(), 0)) as client:
        client.ping()


async def test_data_survives_a_stop_and_a_kill(servers: Servers, tmp_path: Path) -> None:
    with psycopg.connect(servers.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE kept (n int)")
    await servers.stop()
    again = Servers(DataFolder(tmp_path), {}, durable=False)
    await again.start()
    for _, process in again.running:
        process.kill()
        await process.wait()
    third = Servers(DataFolder(tmp_path), {}, durable=False)
    await third.start()
    with psycopg.connect(third.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("SELECT * FROM kept")
    await third.stop()
    assert third.environment == again.environment == servers.environment


async def test_a_server_left_behind_is_stopped_first(servers: Servers, tmp_path: Path) -> None:
    again = Servers(DataFolder(tmp_path), {}, durable=False)
    await again.start()
    assert [process.returncode is not None for _, process in servers.running] == [True, True]
    assert again.environment == servers.environment
    await again.stop()


async def test_an_interrupted_first_start_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    made = Servers(DataFolder(tmp_path), {}, durable=False)
    await made.start()
    await made.stop()


async def test_data_of_another_version_is_refused(servers: Servers, tmp_path: Path) -> None:
    await servers.stop()
    version = tmp_path / "postgres" / "data" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 12.*this is PostgreSQL 18"):
        await Servers(DataFolder(tmp_path), {}, durable=False).start()


async def test_a_server_that_cannot_start_shows_its_last_words(servers: Servers, tmp_path: Path) -> None:
    await servers.stop()
    shutil.rmtree(tmp_path / "postgres" / "data" / "global")
    with pytest.raises(EmbeddedError, match=r"ended while starting:\n(.|\n)*global"):
        await Servers(DataFolder(tmp_path), {}, durable=False).start()


# --- servers of one's own ---------------------------------------------------------------------------------------------
async def test_given_servers_are_used_and_nothing_is_embedded(tmp_path: Path) -> None:
    made = Servers(DataFolder(tmp_path), FULL)
    await made.start()
    assert not made.running
    assert not (tmp_path / "postgres").exists()
    assert FULL.items() <= made.environment.items()
    assert made.external() == ["PostgreSQL", "Redis"]


async def test_only_the_missing_kind_is_embedded(tmp_path: Path) -> None:
    made = Servers(DataFolder(tmp_path), {name: "given" for name in (*DATABASE, *KEYS)})
    await made.start()
    assert [service.name for service, _ in made.running] == ["valkey"]
    assert made.environment["DATABASE_URL"] == "given"
    await made.stop()


@pytest.mark.parametrize("missing", [*DATABASE, *REDIS])
def test_half_a_set_is_an_error_that_names_the_rest(missing: str) -> None:
    names = DATABASE if missing in DATABASE else REDIS
    with pytest.raises(EmbeddedError, match=f"but {missing} is not"):
        is_given({name: "given" for name in names if name != missing}, names)


@pytest.mark.parametrize("missing", KEYS)
async def test_a_real_database_needs_keys_that_last(missing: str, tmp_path: Path) -> None:
    given = {name: value for name, value in FULL.items() if name != missing}
    with pytest.raises(EmbeddedError, match=f"{missing} must be set too"):
        await Servers(DataFolder(tmp_path), given).start()
    forgiving = Servers(DataFolder(tmp_path), {**given, "DEBUG": "true"})
    await forgiving.start()
    assert forgiving.environment[missing] == DataFolder(tmp_path).secrets()[missing]


# --- who they run as --------------------------------------------------------------------------------------------------
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


def test_a_normal_user_runs_them_herself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(identity, "has_account", lambda _: True)
    assert identity.choose(tmp_path, Path("/bin/true")).label == "you"


@needs_root
def test_root_gives_them_to_an_account_that_can_reach_the_files(tmp_path: Path) -> None:
    chosen = identity.choose(Path("/"), Path("/bin/true"))
    assert chosen.switch
    assert chosen.uid != 0


@needs_root
def test_root_in_a_private_folder_uses_a_user_namespace(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    chosen = identity.choose(private / "data", Path("/bin/true"))
    assert (chosen.user_namespace, chosen.uid) == (True, 0)


def test_where_nothing_is_allowed_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(identity, "usable_account", lambda *_: None)
    monkeypatch.setattr(identity, "namespaces_work", lambda: False)
    with pytest.raises(EmbeddedError, match=r"Run as a normal user, or set DATABASE_URL"):
        identity.choose(tmp_path, Path("/bin/true"))


def test_data_of_another_user_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EmbeddedError, match="belongs to another user"):
        Identity("you", tmp_path.stat().st_uid + 1, 1000).own(tmp_path)


# --- what is missing --------------------------------------------------------------------------------------------------
def test_a_missing_wheel_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.BINARIES_VARIABLE, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedError, match="DATABASE_OWNER_URL"):
        postgres.binaries()
    with pytest.raises(EmbeddedError, match="REDIS_CACHE_URL"):
        valkey.program()


def test_other_binaries_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.BINARIES_VARIABLE, "/usr/lib/postgresql/15/bin")
    assert postgres.binaries() == Path("/usr/lib/postgresql/15/bin")


async def test_a_processor_without_avx_is_told_apart() -> None:
    class Crashing:
        async def execute(self, _: str) -> None:
            raise errors.AdminShutdown

    with pytest.raises(EmbeddedError, match="AVX"):
        await postgres.check_vector(Crashing(), ["vector"])  # type: ignore[arg-type]  # it only needs execute
    await postgres.check_vector(Crashing(), [])  # type: ignore[arg-type]


async def test_a_foreign_process_is_not_taken_for_an_orphan(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    for content in ("", "no number", str(os.getpid())):
        pid_file.write_text(content)
        assert not await processes.stop_orphan(pid_file, "valkey-server", [processes.Step(signal.SIGTERM, 1)])
