"""Where a request comes from, as exactly as the log may keep it for ever (docs/decisions/0010-erasure.md)."""

import ipaddress
import re

# Most specific first: Edge and Opera also call themselves Chrome, Chrome calls itself Safari.
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
# A program's name and version; anything longer could be a name of a person.
PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}(/[0-9][0-9A-Za-z.]{0,19})?")


def exact(address: str) -> str | None:
    """Return an address as it is written canonically, None for what is no address."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def network_of(address: str) -> str | None:
    """Return the network that an address is in (IPv4 /24, IPv6 /48), None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    network = ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False)
    return str(network.network_address)


def subscriber(address: str) -> str:
    """Return an IPv4 address as it is, an IPv6 address as its /64; what is no address as nothing."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed.packed, 64), strict=False))


def kind_of_client(user_agent: str) -> str:
    """Return the browser and system, or the program, that a `User-Agent` header names; empty for anything else."""
    for mark, browser in BROWSERS.items():
        if mark in user_agent:
            system = next((name for word, name in SYSTEMS.items() if word in user_agent), "")
            return f"{browser} on {system}" if system else browser
    match = PROGRAM.match(user_agent)
    return match.group() if match else ""
