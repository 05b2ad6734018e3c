"""Where a delivery may go: https, ordinary ports, globally routable addresses. Whatever the URL's spelling, DNS or a
redirect says, the connection is made to an address that was judged, and to no other.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from common.errors import Invalid

PORTS = frozenset({443, 8443})
LONGEST_URL = 2000
# RFC 1123 labels. Nothing that is read differently by different parsers: no escapes, no user, no white space.
URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?(\?[!-~]*)?")
LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
COMPATIBLE = ipaddress.ip_network("::/96")
# What Python's `is_global` lets pass and no receiver has.
NEVER = [ipaddress.ip_network(text) for text in ("64:ff9b:1::/48", "fec0::/10", "2001::/23", "192.88.99.0/24")]


class ForbiddenTarget(Invalid):
    """The URL, or the address behind it, is none that a webhook may go to."""

    code = "forbidden_target"
    title = "A webhook cannot go there"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors={"url": [detail]})


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Take a URL apart; raises `ForbiddenTarget` for one that is not plainly written or not https on a usual port."""
    if len(url) > LONGEST_URL or not URL.fullmatch(url) or "\\" in url or "#" in url:
        raise ForbiddenTarget("Write the URL as https://host/path, without a user, a fragment or special characters.")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
    except ValueError:
        raise ForbiddenTarget("The host or the port of the URL is malformed.") from None
    target = Target(
        parts.scheme, checked_host(host), port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    )
    if not is_plain_loopback(target.host) and (target.scheme != "https" or target.port not in PORTS):
        raise ForbiddenTarget("Only https on port 443 or 8443 is delivered to.")
    return target


def checked_host(host: str) -> str:
    """Return a host that every parser reads alike: an address in its usual form, or a name of two labels or more."""
    literal = literal_of(host)
    if literal is not None:
        if not is_allowed(str(literal)):
            raise ForbiddenTarget("This address is not on the public internet.")
        return str(literal)
    labels = host.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        raise ForbiddenTarget("The host is no full name in ASCII (an international one is written as xn--…).")
    # 0x7f.1, 127.1, 2130706433: what inet_aton reads as an address is none of ours.
    if re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", labels[-1]):
        raise ForbiddenTarget("An address is written as four decimal numbers.")
    return host


def literal_of(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_plain_loopback(host: str) -> bool:
    """Whether a test may deliver here: a loopback address, and the setting of development that allows it."""
    literal = literal_of(host)
    return settings.WEBHOOK_ALLOW_LOOPBACK and literal is not None and literal.is_loopback


def resolve(target: Target) -> list[str]:
    """Return the addresses of a target; raises `ForbiddenTarget` unless each is allowed, `OSError` without any."""
    answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for address in addresses:
        if not is_allowed(address):
            raise ForbiddenTarget("The host has an address that is not on the public internet.")
    return addresses


def is_allowed(text: str) -> bool:
    """Whether a delivery may connect to this address."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if is_plain_loopback(text):
        return True
    if any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS if network.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = embedded(address)
        if inner is not None:
            return is_allowed_publicly(inner)
    return is_allowed_publicly(address)


def is_allowed_publicly(address: Address) -> bool:
    if any(address in network for network in NEVER if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator would connect to: mapped, NAT64, 6to4, compatible."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address in NAT64 or address in COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
