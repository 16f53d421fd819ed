"""Where a sender is, as the network tells it and as a person writes it: `10.0.0.7:9000`, `10.0.0.7`, `[fd00::7]:9000`, `fd00::7`;
over MQTT `mqtt:SENDER`. PURE.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache


def split(place: str) -> tuple[str, int | None]:
    """Host, and the port where there is one."""
    host, colon, port = place.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return place.strip("[]"), None


def joined(host: str, port: int) -> str:
    """What `split` takes apart."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@lru_cache(maxsize=1024)
def plain_ip(host: str) -> str | None:
    """The address of a host as a person writes it, None for what is none: a link-local one without its interface
    (fe80::1%wlan0), and of IPv4 that came to a port for both its own (::ffff:10.0.0.7)."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def canonical(place: str) -> str:
    """A place in the one way in which it is compared; what is no address of a network is as it was."""
    host, port = split(place)
    ip = plain_ip(host)
    return place if ip is None else ip if port is None else joined(ip, port)


def ways(source: str) -> tuple[str, ...]:
    """What a person may have written for who sends from there: with its port, and without."""
    ip = plain_ip(split(source)[0])
    return (canonical(source),) if ip is None else (canonical(source), ip)
