"""`manage.py relay`: the process that gives events their positions."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from audit.log.relay import main
from audit.services import ensure_partitions


class Command(BaseCommand):
    help = "Give committed events their positions and poke the sockets, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_partitions()
        asyncio.run(main())
