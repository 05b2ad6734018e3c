"""The product as one supervised tree: what `make run`, `make demo`, `make test` and `make manage` call.

supervisor run               servers, migrations, web, worker, beat and relay, until Ctrl-C
supervisor demo [ARG ...]    the demo, beside a running product or with one that it starts; --exit ends that one too
supervisor env COMMAND ...   any command, with the servers of `run`
supervisor test COMMAND ...  any command, with servers of its own that trade safety for speed
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.embedded import processes
from common.embedded.console import Console
from common.embedded.errors import EmbeddedError
from common.embedded.folder import DataFolder, State
from common.embedded.processes import Step
from common.embedded.product import ROOT
from common.embedded.servers import Servers
from common.embedded.tree import Tree

DEMO = (sys.executable, "manage.py", "demo")
HOLDER_SECONDS = 60
POLL_SECONDS = 0.1
TEST_FOLDERS = ("test", *(f"test-{number}" for number in range(2, 10)))
COMMAND_STEPS = (Step(signal.SIGTERM, 10),)


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands above, and return its exit code."""
    name, *rest = arguments or ["help"]
    commands = {"run": run, "demo": demo, "env": env, "test": test}
    if name not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return asyncio.run(commands[name](rest))
    except EmbeddedError as error:
        print(f"\ncountermark: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


# --- commands ---------------------------------------------------------------------------------------------------------
async def run(_: Sequence[str]) -> int:
    folder = DataFolder(data_path())
    product = await hold_or_find(folder)
    if product:
        raise EmbeddedError(f"already running at {product['url']}/ (process {product['pid']})")
    return await supervise(folder)


async def demo(arguments: Sequence[str]) -> int:
    command = [*DEMO, *(argument for argument in arguments if argument != "--exit")]
    folder = DataFolder(data_path())
    product = await hold_or_find(folder)
    if product:
        return await in_foreground(command, product["environment"])
    return await supervise(folder, then=command, exit_after="--exit" in arguments)


async def env(command: Sequence[str]) -> int:
    folder = DataFolder(data_path())
    while not folder.hold():
        with folder.borrow() as state:
            if state:
                return await in_foreground(command, state["environment"])
        await asyncio.sleep(POLL_SECONDS)
    return await with_servers(folder, command, durable=True)


async def test(command: Sequence[str]) -> int:
    """Each test run at the same time has a folder of its own."""
    for name in TEST_FOLDERS:
        folder = DataFolder(data_path() / name)
        if folder.hold():
            return await with_servers(folder, command, durable=False)
    raise EmbeddedError(f"{len(TEST_FOLDERS)} test runs are under way already.")


def data_path() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()


# --- the whole tree ---------------------------------------------------------------------------------------------------
async def supervise(folder: DataFolder, *, then: Sequence[str] = (), exit_after: bool = False) -> int:
    """Bring the tree up, run the command `then` beside it, and keep the tree until a signal comes."""
    console = Console()
    tree = Tree(folder, console, os.environ)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, tree.ask_to_stop)
    work = asyncio.create_task(bring_up(tree, then, exit_after))
    asked = asyncio.create_task(tree.stopping.wait())
    try:
        await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else 0
    finally:
        work.cancel()
        await asyncio.wait([work])
        await tree.stop()
        folder.release()
        console.close()


async def bring_up(tree: Tree, then: Sequence[str], exit_after: bool) -> int:
    await tree.start()
    code = await run_command(then, tree.published) if then else 0
    if not exit_after:
        await tree.stopping.wait()
    return code


async def hold_or_find(folder: DataFolder) -> State | None:
    """Become the holder of the folder, or return the product that runs in it. A passing command is waited for."""
    for _ in range(int(HOLDER_SECONDS / POLL_SECONDS)):
        if folder.hold():
            return None
        state = folder.state()
        if state and state["url"]:
            return state
        await asyncio.sleep(POLL_SECONDS)
    raise EmbeddedError(f"Another command uses the servers in {folder.path}. Wait for its end, then try again.")


# --- one command with servers -----------------------------------------------------------------------------------------
async def with_servers(folder: DataFolder, command: Sequence[str], *, durable: bool) -> int:
    """Start the servers, run the command, and stop them when nobody else uses them any more."""
    servers = Servers(folder, os.environ, durable=durable)
    try:
        await servers.start()
        folder.publish(command=" ".join(command), url=None, environment=servers.environment)
        code = await in_foreground(command, servers.environment)
        while not folder.keep_borrowers_out():
            await asyncio.sleep(POLL_SECONDS)
        return code
    finally:
        await servers.stop()
        folder.release()


async def in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command that decides itself what Ctrl-C means: the terminal sends it there too."""
    running = asyncio.create_task(run_command(command, environment))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


async def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, with our programs first in its path; cancelling stops it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    everything = {"LOG_FORMAT": "console", **os.environ, **environment, "PATH": path}
    process = await processes.spawn(command, death_signal=signal.SIGTERM, own_session=False, cwd=ROOT, env=everything)
    try:
        return await process.wait()
    finally:
        await processes.stop(process, COMMAND_STEPS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
