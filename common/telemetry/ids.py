"""The ids that tie lines, events, jobs and messages together, as far as a caller may choose them.

They end up in logs, answers and other systems, so what is not of the exact form is replaced and never repeated.
"""

import re
import secrets
from uuid import UUID

# https://www.w3.org/TR/trace-context/#traceparent-header, version 00
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
CORRELATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")

SERVICE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def trace_id_of(header: str) -> str | None:
    """Return the trace id of a `traceparent` header, or None where it is absent or malformed."""
    match = TRACEPARENT.fullmatch(header)
    return match.group(1) if match else None


def request_id_of(header: str) -> UUID | None:
    """Return a caller's request id, or None for what is no UUID."""
    try:
        return UUID(header)
    except ValueError:
        return None


def correlation_id_of(header: str) -> str:
    """Return a caller's correlation id: 1 to 128 letters, digits and `. _ : -`; empty for anything else."""
    return header if CORRELATION.fullmatch(header) else ""


def service_of(header: str) -> str:
    """Return the name a calling program gives itself: small letters, digits and dashes; empty for anything else."""
    return header if SERVICE.fullmatch(header) else ""


def new_span_id() -> str:
    """Return a random span id (16 hexadecimal digits)."""
    return secrets.token_hex(8)
