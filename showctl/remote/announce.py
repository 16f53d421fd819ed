"""Told to the network by mDNS: here is OSC (`_osc._udp`), and here is what it understands (`_oscjson._tcp`, OSCQuery).

Spoken through zeroconf (python-zeroconf), which joins the group 224.0.0.251, UDP port 5353, probes whether a name is free and
takes another one (NAME-2) where it is not; only a venue with `osc: {query: ...}` pays for the import. Only the interface of that
address is used; where it is any address, all that this machine has but loopback.

A network that is not there yet, or goes, hurts nothing: DeviceError, and whoever runs this tries again. What was announced is
taken back at the end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import ifaddr
from zeroconf import BadTypeInNameException, Error, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from showctl.model import DeviceError, Health, State

PART = "mdns"
QUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
LONGEST_NAME = 56  # bytes of the 63 that a label may have; the rest is for the number where the name is taken
LOOK_S = 2.0  # s between two looks whether the addresses are the same
REGISTER_S, END_S = 15.0, 2.0  # that may take so long
ANYWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be announced: an IPv4 address of this machine or 0.0.0.0, the TCP port of OSCQuery, the UDP port of OSC
    where it can be reached there."""

    host: str
    query: int
    osc: int | None


def instance(name: str) -> str:
    """What a venue is called on the network: one label, no dots, no control characters, not too long."""
    plain = re.sub(r"[\x00-\x1f\x7f.]+", " ", name).strip() or "showctl"
    return plain.encode()[:LONGEST_NAME].decode(errors="ignore").strip()


@cache
def host_name() -> str:
    """What this machine is called where it announces: a name of our own, so that no other responder's is disputed; another one
    at each start, so that two machines made of one image, both called `raspberrypi`, are not taken for each other."""
    label = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().partition(".")[0].lower()).strip("-")
    return f"showctl-{label or 'host'}"[:LONGEST_NAME] + f"-{secrets.token_hex(2)}.local"


class Announcer:
    """Announces until it is cancelled."""

    def __init__(
        self,
        name: Callable[[], str],
        place: Callable[[], Place | None],
        *,
        report: Callable[[Health], None],
        now: Callable[[], float],
    ) -> None:
        """`name` is that of the venue; `place` None while nothing is open yet. `now` is show time (s)."""
        self._name, self._place, self._report, self._now = name, place, report, now

    async def run(self) -> None:
        """Announce, anew where the place or the name is another one. Raises DeviceError where it cannot be done now."""
        while True:
            place, name = self._place(), instance(self._name())
            if place is None:
                self._tell(State.STARTING, "waits for OSCQuery to listen")
                await asyncio.sleep(LOOK_S)
                continue
            if ":" in place.host:
                self._tell(State.RUNNING, f"nothing is announced: {place.host} is no IPv4 address")
                await asyncio.sleep(LOOK_S)
                continue
            addresses = _addresses(place.host)
            if not addresses:
                raise DeviceError("this machine has no address beyond loopback yet to announce OSC on")
            await self._announced(place, name, addresses)

    async def _announced(self, place: Place, name: str, addresses: list[str]) -> None:
        where = ", ".join(addresses)
        try:
            _bound(addresses)  # of an address that is not there zeroconf would leave a socket behind
            network = AsyncZeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
        except (OSError, RuntimeError) as error:
            raise DeviceError(f"OSC cannot be announced on {where}: {error}; is the network up?") from error
        try:
            infos = [_service(kind, port, name, addresses) for kind, port in ((QUERY, place.query), (OSC, place.osc)) if port]
            async with asyncio.timeout(REGISTER_S):
                await asyncio.gather(*(_registered(network, info) for info in infos))
            self._tell(State.RUNNING, f"announced on {where}: {_words(infos, name)}")
            while self._place() == place and instance(self._name()) == name and _addresses(place.host) == addresses:
                await asyncio.sleep(LOOK_S)
                _bound(addresses)
        except (OSError, Error, TimeoutError) as error:
            raise DeviceError(
                f"OSC cannot be announced on {where}: {error or type(error).__name__}; is the network up?"
            ) from error
        finally:
            with suppress(TimeoutError, OSError, Error):
                async with asyncio.timeout(END_S):
                    await network.async_close()  # takes back what was announced

    def _tell(self, state: State, detail: str) -> None:
        self._report(Health(PART, state, detail, self._now()))


def _addresses(host: str) -> list[str]:
    """The IPv4 addresses that are meant, in order."""
    if host != ANYWHERE:
        return [host]
    found = {one.ip for adapter in ifaddr.get_adapters() for one in adapter.ips if isinstance(one.ip, str)}  # IPv6 is a tuple
    return sorted(one for one in found if not ipaddress.ip_address(one).is_loopback)


def _bound(addresses: list[str]) -> None:
    """Raises OSError unless all of them are this machine's."""
    for address in addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))


async def _registered(network: AsyncZeroconf, info: ServiceInfo) -> None:
    await (await network.async_register_service(info, allow_name_change=True))


def _service(kind: str, port: int, name: str, addresses: list[str]) -> ServiceInfo:
    try:
        return ServiceInfo(kind, f"{name}.{kind}", port=port, parsed_addresses=addresses, server=f"{host_name()}.")
    except BadTypeInNameException as error:
        raise DeviceError(f"OSC cannot be announced as {name!r}: {error}; give the venue another name") from error


def _words(infos: list[ServiceInfo], name: str) -> str:
    """What was announced, and as what where the name was taken."""
    said = []
    for info in infos:
        label = info.name.removesuffix(f".{info.type}")
        other = "" if label == name else f" ({name!r} is taken)"
        said.append(f"{info.type.removesuffix('.local.')} {label!r}{other}, port {info.port}")
    return "; ".join(said)
