"""What exists already, as the database says it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from common.errors import Conflict


@contextmanager
def refusing_duplicates(detail: str, *, code: str) -> Iterator[None]:
    """Write within a savepoint; raise `Conflict` where a unique constraint refuses it.

    Whatever else the database refuses is our fault, and stays one: it is not to be told as a name that is taken.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise Conflict(detail, code=code) from error
        raise
