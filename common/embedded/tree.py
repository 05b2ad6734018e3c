"""The whole tree: servers, then the database's set-up, then the four processes; and all of it down again."""

import asyncio
import json
import signal
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from common.embedded import processes, product
from common.embedded.console import Console, worth_showing
from common.embedded.errors import EmbeddedError
from common.embedded.folder import DataFolder, LogFile
from common.embedded.keeper import Guard, Keeper, LineHandler, Service
from common.embedded.processes import Step
from common.embedded.product import ROOT, AppProcess
from common.embedded.servers import Servers

DEFAULT_PORT = 8000
HEALTH_SECONDS = 60
EVERYWHERE = ("0.0.0.0", "::")  # nosec B104 # recognised here, bound only where an operator asks
LAST_LINES = 12
SET_UP_STEPS = (Step(signal.SIGTERM, 5),)


class Tree:
    """Starts, keeps and stops everything. A first signal sets `stopping`, a second one `hurry`."""

    def __init__(self, folder: DataFolder, console: Console, given: Mapping[str, str]) -> None:
        self._folder, self._console, self._given = folder, console, given
        self._servers = Servers(folder, given)
        self._guard = Guard()
        self._keepers: list[Keeper] = []
        self._environment: dict[str, str] = {}
        self.published: dict[str, str] = {}
        self.stopping, self.hurry = asyncio.Event(), asyncio.Event()

    def ask_to_stop(self) -> None:
        """React to a signal."""
        if self.stopping.is_set():
            self.hurry.set()
        else:
            self._console.say("stopping", "(once more to hurry)")
            self.stopping.set()

    # --- up -------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Bring everything up, and tell where it is."""
        await self._guard.start()
        await self._start_servers()
        host = self._given.get("HOST") or "127.0.0.1"
        port = self._choose_port(host)
        url = self._given.get("PUBLIC_URL") or f"http://127.0.0.1:{port}"
        self.published = {**self._servers.environment, "PUBLIC_URL": url}
        own = {"LOG_FORMAT": "json", "PROMETHEUS_MULTIPROC_DIR": str(self._folder.emptied("metrics"))}
        self._environment = {**self._given, **self.published, **own}
        await self._set_up("database", product.SET_UP)
        await self._set_up("database", product.MIGRATE)
        web, *others = product.product(self._environment, host=host, port=port)
        # Every process that starts slows the others down on a small machine, and the page is what people wait for.
        admin, _ = await asyncio.gather(self._create_admin(), self._start_web(web, host, port))
        for other in others:
            await self._keep(other)
        self._folder.publish(command="make run", url=url, environment=self.published)
        self._console.block(*self._welcome(url, admin))

    async def _start_servers(self) -> None:
        for name in self._servers.external():
            self._console.say(name.lower(), "using the server that the environment names")
        await self._servers.start()
        for service, process in self._servers.running:
            await self._keep(service, process)

    async def _keep(self, service: Service, process: asyncio.subprocess.Process | None = None) -> None:
        keeper = Keeper(service, console=self._console, guard=self._guard, on_line=self._follow(service.name))
        self._keepers.append(keeper)
        await keeper.start(process)

    async def _start_web(self, web: AppProcess, host: str, port: int) -> None:
        await self._keep(web)
        address = "127.0.0.1" if host in EVERYWHERE else host
        if not await healthy(f"http://{address}:{port}/health"):
            self._console.say("web", f"is not healthy yet, see {self._log('web')}", error=True)

    def _choose_port(self, host: str) -> int:
        wanted = int(self._given.get("PORT") or DEFAULT_PORT)
        port = processes.free_port(wanted, host)
        if port is None:
            raise EmbeddedError(f"No port from {wanted} on is free on {host}. Choose another one:  make run PORT=9000")
        if port != wanted:
            self._console.say("web", f"port {wanted} is taken, using {port}")
        return port

    async def _create_admin(self) -> dict[str, str]:
        """Return what the command tells in its last line; that line has the password, so it goes into no log."""
        for line in reversed(await self._set_up("database", product.CREATE_ADMIN, private=True)):
            with suppress(ValueError):
                found: dict[str, str] = json.loads(line)
                if "created" in found:
                    return found
        return {}

    def _welcome(self, url: str, admin: Mapping[str, str]) -> list[str]:
        lines = [f"Countermark is ready:  {url}/", ""]
        if admin.get("email"):
            lines.append(f"sign in    {admin['email']}")
        if admin.get("password"):
            lines.append(f"password   {admin['password']}   (shown only this once)")
        data = self._folder.path
        shown = data.relative_to(ROOT) if data.is_relative_to(ROOT) else data
        return [*lines, f"data       {shown}/, log files in {shown}/log/", "stop       Ctrl-C"]

    # --- the steps before the processes ---------------------------------------------------------------------------
    async def _set_up(self, name: str, command: Sequence[str], *, private: bool = False) -> list[bytes]:
        """Run a command to its end, and return its lines. What a private one says on success is logged nowhere."""
        lines: list[bytes] = []
        process, output = await processes.spawn_talker(command, cwd=ROOT, env=self._environment)
        follow = self._follow(name)
        try:
            while line := await output.readline():
                lines.append(line)
                if not private:
                    follow(line)
            code = await process.wait()
        finally:
            await processes.stop(process, SET_UP_STEPS, self.hurry)
        if code:
            words = b"".join(lines[-LAST_LINES:]).decode(errors="replace")
            raise EmbeddedError(f"{' '.join(command[1:])} failed:\n{words}")
        return lines

    # --- lines ----------------------------------------------------------------------------------------------------
    def _log(self, name: str) -> Path:
        return self._folder.logs / f"{name}.log"

    def _follow(self, name: str) -> LineHandler:
        """Return what happens to each line of a process: all go to its log file, the few that matter to the console."""
        log = LogFile(self._folder.logs / f"{name}.log")

        def follow(line: bytes) -> None:
            log.write(line)
            shown = worth_showing(line)
            if shown:
                text, is_error = shown
                self._console.say(name, text, error=is_error)

        return follow

    # --- down -----------------------------------------------------------------------------------------------------
    async def stop(self) -> None:
        """Stop the processes in the order in which they were meant to, together; then the servers they used."""
        servers = [service.name for service, _ in self._servers.running]
        of_product = [keeper for keeper in self._keepers if keeper.service.name not in servers]
        await asyncio.gather(*(keeper.stop(self.hurry) for keeper in of_product))
        for keeper in reversed([keeper for keeper in self._keepers if keeper not in of_product]):
            await keeper.stop(self.hurry)
        await self._servers.stop()
        await self._guard.stop()


async def healthy(url: str) -> bool:
    """Wait until `url` answers without an error of the server."""
    for _ in range(int(HEALTH_SECONDS / 0.1)):
        if await asyncio.to_thread(answers, url):
            return True
        await asyncio.sleep(0.1)
    return False


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # nosec B310 # our own address
    except urllib.error.HTTPError as answer:
        return answer.code < HTTPStatus.INTERNAL_SERVER_ERROR
    except OSError:
        return False
    return True
