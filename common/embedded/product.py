"""The processes of the product, and the steps before they may start."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.embedded import processes
from common.embedded.processes import Step, Talker

ROOT = Path(__file__).resolve().parents[2]
OWNER_LOGIN = "DATABASE_OWNER_URL"
LOG_KEY = "LOG_KEY"
BACKUP_LOGIN = "BACKUP_DATABASE_URL"
QUEUES = "default,agents,hitl,events,audit,maintenance,webhooks"
SET_UP = (sys.executable, "manage.py", "setup_database")
MIGRATE = (sys.executable, "manage.py", "migrate", "--database", "owner")
CREATE_ADMIN = (sys.executable, "manage.py", "create_admin", "--if-missing")
LOG_CONFIG = str(Path(__file__).with_name("uvicorn_log.json"))


@dataclass(frozen=True)
class AppProcess:
    """One process of the product. It logs to a pipe, which the supervisor reads."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    says: str = ""
    steps: Sequence[Step] = field(default=(Step(signal.SIGTERM, 8),))

    async def launch(self) -> Talker:
        return await processes.spawn_talker(self.command, cwd=ROOT, env={**self.environment, "SERVICE_NAME": self.name})


def product(environment: Mapping[str, str], *, host: str, port: int) -> list[AppProcess]:
    """Return the four processes, in the order in which they stop.

    None of them gets the owner's login: it is for set-up and migrations, and no request may ever reach it. The key that
    signs the log is the relay's alone, the login that reads everything for a backup the worker's.
    """
    alone = {OWNER_LOGIN, LOG_KEY, BACKUP_LOGIN}

    def holding(*names: str) -> dict[str, str]:
        return {name: value for name, value in environment.items() if name not in alone - set(names)}

    serving = holding()
    return [web(serving, host, port), worker(holding(BACKUP_LOGIN)), beat(serving), relay(holding(LOG_KEY))]


def web(environment: Mapping[str, str], host: str, port: int) -> AppProcess:
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port)]
    command += ["--lifespan", "off", "--ws", "websockets-sansio", "--timeout-graceful-shutdown", "4"]
    command += ["--no-server-header", "--no-proxy-headers", "--log-config", LOG_CONFIG]
    # The pool is for this process alone: forked Celery workers would share its sockets.
    return AppProcess("web", command, {**environment, "DB_POOL": "1"}, says=f"on port {port}")


def worker(environment: Mapping[str, str]) -> AppProcess:
    concurrency = environment.get("WORKER_CONCURRENCY") or str(min(os.cpu_count() or 2, 4))
    queues = f"{QUEUES},backup" if environment.get("BACKUP_DIR") else QUEUES
    command = celery("worker", "-Q", queues, "--concurrency", concurrency, "--without-gossip", "--without-mingle")
    # TERM lets running jobs finish, QUIT gives them back to the broker.
    steps = (Step(signal.SIGTERM, 8), Step(signal.SIGQUIT, 3))
    return AppProcess("worker", command, environment, says=f"{concurrency} jobs at a time", steps=steps)


def beat(environment: Mapping[str, str]) -> AppProcess:
    return AppProcess("beat", celery("beat", "--pidfile="), environment)


def relay(environment: Mapping[str, str]) -> AppProcess:
    return AppProcess("relay", [sys.executable, "manage.py", "relay"], environment)


def celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-q", "-A", "config", arguments[0], "--loglevel", "INFO", *arguments[1:]]
