"""`manage.py relay`: the process that gives events their positions."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from audit.log.relay import main
from audit.services import ensure_partitions
from audit.services.sealing import signing_key


class Command(BaseCommand):
    help = "Give committed events their positions poke the sockets and seal the log, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        signing_key()  # without it nothing would be sealed, and nobody would notice
        ensure_partitions()
        asyncio.run(main())
