"""The servers of one data folder, or those that the environment names, and the environment to use them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.embedded import postgres, processes, valkey
from common.embedded.errors import EmbeddedError
from common.embedded.folder import DataFolder, rotate
from common.embedded.postgres import Postgres
from common.embedded.valkey import Valkey

DATABASE = ("DATABASE_URL", "DATABASE_OWNER_URL")
REDIS = ("REDIS_CACHE_URL", "REDIS_BROKER_URL", "REDIS_CHANNELS_URL")
KEYS = ("SECRET_KEY", "CONTEXT_KEY", "LEASE_KEY", "FIELD_KEYS", "LOG_KEY")


class Servers:
    """PostgreSQL and Valkey, each embedded unless the given environment names real ones."""

    def __init__(self, folder: DataFolder, given: Mapping[str, str], *, durable: bool = True) -> None:
        self._folder, self._given, self._durable = folder, given, durable
        self._embeds_postgres = not is_given(given, DATABASE)
        self._embeds_valkey = not is_given(given, REDIS)
        self.running: list[tuple[Postgres | Valkey, asyncio.subprocess.Process]] = []
        self.environment: dict[str, str] = {}

    async def start(self) -> None:
        """Start what is embedded, and set `environment` to what a process of the product needs."""
        secrets = self._folder.secrets()
        services = await self._services(secrets)
        await asyncio.gather(*(self._start(service) for service in services))
        generated = self._keys(secrets) | folders(self._folder.path)
        if self._embeds_postgres:
            generated["DEVELOPMENT"] = "true"
        for service in services:
            generated |= service.environment()
        if self.running:
            generated["EMBEDDED"] = "1"
        named = {name: self._given[name] for name in (*DATABASE, *REDIS, *KEYS, *generated) if self._given.get(name)}
        self.environment = generated | named

    async def stop(self) -> None:
        """Stop what was started, Valkey before PostgreSQL."""
        for service, process in reversed(self.running):
            await processes.stop(process, service.steps)
        self.running.clear()

    def external(self) -> list[str]:
        """Name the servers that the environment points to."""
        return [
            name
            for name, embedded in (("PostgreSQL", self._embeds_postgres), ("Redis", self._embeds_valkey))
            if not embedded
        ]

    async def _services(self, secrets: Mapping[str, str]) -> list[Postgres | Valkey]:
        base, services = self._folder.path, list[Postgres | Valkey]()
        if self._embeds_postgres:
            await postgres.stop_orphan(base)
            port = self._folder.port("postgres")
            services.append(Postgres(base=base, port=port, passwords=secrets, durable=self._durable))
        if self._embeds_valkey:
            await valkey.stop_orphan(base)
            services.append(Valkey(base=base, port=self._folder.port("valkey"), passwords=secrets))
        return services

    async def _start(self, service: Postgres | Valkey) -> None:
        rotate(self._folder.logs / f"{service.name}.log")
        process = await service.launch()
        self.running.append((service, process))
        await service.ready(process)

    def _keys(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Generate keys for a database of ours only: a real one outlives this folder, and so must its keys."""
        missing = [name for name in KEYS if not self._given.get(name)]
        debug = self._given.get("DEBUG", "").lower() in ("1", "true", "yes", "on")
        if missing and not self._embeds_postgres and not debug:
            raise EmbeddedError(
                f"DATABASE_URL names a real server, so {', '.join(missing)} must be set too: whoever loses these keys "
                "loses signed sessions, tenant contexts, leases and encrypted fields.\n"
                '  Make one each and keep it:  python3 -c "import secrets; print(secrets.token_hex(32))"\n'
                "  To only try it out, set DEBUG=true: keys are then generated into the data folder."
            )
        return {name: secrets[name] for name in missing}


def is_given(given: Mapping[str, str], names: Sequence[str]) -> bool:
    """Whether the environment names these servers. Half a set would mix two worlds, so it is an error."""
    missing = [name for name in names if not given.get(name)]
    if missing and len(missing) < len(names):
        present = [name for name in names if name not in missing]
        raise EmbeddedError(
            f"{', '.join(present)} is set, but {', '.join(missing)} is not.\n"
            f"  Set all of {', '.join(names)} for servers of your own, or none of them for embedded ones."
        )
    return not missing


def folders(base: Path) -> dict[str, str]:
    """Make the folders that the product writes to, and name them."""
    made = {"MEDIA_ROOT": base / "media", "STATIC_ROOT": base / "static", "BEAT_SCHEDULE": base / "beat"}
    for folder in (made["MEDIA_ROOT"], made["STATIC_ROOT"]):
        folder.mkdir(exist_ok=True)
    return {name: str(path) for name, path in made.items()}
