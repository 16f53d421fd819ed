"""`showctl doctor [VENUE]`: what of this machine works for a show, and what to do about the rest, one line each.

It opens nothing that makes a sound, and changes nothing: a multicast route is found by asking the kernel, a port by binding it
for a moment, a permission by taking it for a moment, a console of the PA is asked what it holds and never told. Three words:
"ok"; "note" for what a show can do without; "to do" for what the show as asked for cannot (exit code 1).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from showctl.address import is_loopback
from showctl.commands.run import host_port

if TYPE_CHECKING:
    from showctl.config.schema import Venue
    from showctl.outputs.pa.console import Console
    from showctl.plan import PaPlan

LIBRARIES = (
    "aiohttp",
    "aiomqtt",
    "numpy",
    "pydantic",
    "pythonosc",
    "yaml",
    "sacn",
    "sounddevice",
    "soundfile",
    "soxr",
    "watchfiles",
    "zeroconf",
)
ANY_GROUP = ("239.255.0.1", 5568)  # universe 1 of E1.31; nothing is sent there
BROKER_TIMEOUT_S = 2.0
CONSOLE_S = 4.0  # that a console may take until all of its equalisers have been read


class Finding(NamedTuple):
    """One line of the report."""

    word: Literal["ok", "note", "to do"]
    part: str
    text: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `doctor` takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", nargs="?", type=Path, help="look also at what this venue asks for")


def run(args: argparse.Namespace) -> int:
    """Print every finding; 1 if there is something to do."""
    venue = pa = None
    if args.venue is not None:
        from showctl.config.load import load_pa, load_venue
        from showctl.model import ConfigError

        try:
            venue, pa = load_venue(args.venue), load_pa(args.venue)
        except ConfigError as error:
            print(error, file=sys.stderr)
            return 1
    worst = 0
    for finding in examine(venue, pa):
        print(f"{finding.word:<5}  {finding.part:<10} {finding.text}", flush=True)
        worst |= finding.word == "to do"
    return int(worst)


def examine(venue: Venue | None, pa: PaPlan | None = None) -> Iterator[Finding]:
    """Everything that can be found out without making light or sound."""
    yield python()
    yield libraries()
    yield from sound(venue.audio.input if venue else None)
    yield from desks(venue.midi.input if venue and venue.midi else None)
    interfaces = addresses()
    yield network(interfaces)
    yield multicast(interfaces, venue)
    yield real_time()
    yield first()
    listen = (venue.web.listen if venue else None) or "127.0.0.1:8080", (venue.osc.listen if venue else None) or "127.0.0.1:8000"
    yield port("page", host_port(listen[0]), socket.SOCK_STREAM, "--http")
    yield port("OSC", host_port(listen[1]), socket.SOCK_DGRAM, "--osc")
    if venue and venue.osc.query:
        yield port("OSCQuery", host_port(venue.osc.query), socket.SOCK_STREAM, "osc: query")
        yield mdns(host_port(venue.osc.query)[0])
    if venue and venue.mqtt:
        yield broker(venue.mqtt.host, venue.mqtt.port)
    if pa is not None and pa.console not in (None, "internal"):
        yield console(pa, CONSOLE_S)


def python() -> Finding:
    """Version and word size: there are no numpy wheels for 32-bit ARM."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.maxsize < 2**32:
        return Finding("to do", "python", f"{version} is a 32-bit build: install a 64-bit system (Raspberry Pi OS 64-bit)")
    return Finding("ok", "python", f"{version}, 64-bit, {os.cpu_count()} cores")


def libraries(names: tuple[str, ...] = LIBRARIES) -> Finding:
    """The Python packages of requirements.lock."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        return Finding(
            "to do", "packages", f"missing: {', '.join(missing)}. Type: {sys.executable} -m pip install -r requirements.lock"
        )
    return Finding("ok", "packages", "all there")


def sound(wanted: str | None) -> Iterator[Finding]:
    """PortAudio, its devices, and the one that the venue names. Without `wanted` no sound is only a note."""
    from showctl.model import DeviceError
    from showctl.sound import portaudio

    lack: Literal["note", "to do"] = "to do" if wanted else "note"
    try:
        found = portaudio.devices()
    except DeviceError as error:
        yield Finding(lack, "sound", str(error))
        return
    inputs = [device for device in found if device.inputs]
    for device in found:
        yield Finding("ok", "sound", f"{device.name} ({device.api}): {device.inputs} in, {device.outputs} out, {device.rate} Hz")
    if wanted:
        try:
            portaudio.find(found, wanted)
        except DeviceError as error:
            yield Finding("to do", "sound", str(error))
    elif not inputs:
        yield Finding("note", "sound", "no input: plug in a sound card to hear the room; files and the demo do without one")


def desks(wanted: str | None) -> Iterator[Finding]:
    """The MIDI desks, and whether the one that the venue names is there and may be read."""
    from showctl.inputs import midi
    from showctl.model import DeviceError

    found = midi.ports()
    for port in found:
        yield Finding("ok", "MIDI", f"{port.name} (card {port.card}, {port.path})")
    if wanted is None:
        return
    try:
        path = midi.find(found, wanted)
    except DeviceError as error:
        yield Finding("to do", "MIDI", str(error))
        return
    if not path.exists():
        yield Finding("to do", "MIDI", f"{path} is not there: is the desk plugged in? The show looks for it until it comes")
    elif not os.access(path, os.R_OK):
        yield Finding("to do", "MIDI", f"this user may not read {path}: add it to the group audio, and log in again")
    else:
        yield Finding("ok", "MIDI", f"{path} is the desk of the venue")


def addresses() -> dict[str, str]:
    """IPv4 address of every interface that has one and is up, loopback too."""
    import fcntl
    import struct

    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                flags = struct.unpack_from("H", fcntl.ioctl(s, 0x8913, request), 16)[0]  # SIOCGIFFLAGS
                if flags & 1:  # IFF_UP
                    found[name] = socket.inet_ntoa(fcntl.ioctl(s, 0x8915, request)[20:24])  # SIOCGIFADDR
            except OSError:  # an interface without an IPv4 address
                continue
    return found


def network(interfaces: dict[str, str]) -> Finding:
    """Interfaces beside loopback."""
    others = ", ".join(f"{name} {address}" for name, address in interfaces.items() if not address.startswith("127."))
    if not others:
        return Finding(
            "note", "network", "only loopback has an address: light stays on this machine. Plug in a cable, or: ip address"
        )
    return Finding("ok", "network", others)


def multicast(interfaces: dict[str, str], venue: Venue | None) -> Finding:
    """By which interface multicast would leave: what the venue names, else what the kernel's routes say."""
    wanted = venue.network.interface if venue else None
    if wanted and wanted not in interfaces and wanted not in interfaces.values():
        there = ", ".join(interfaces) or "none"
        return Finding(
            "to do", "multicast", f"the venue's interface {wanted!r} is not there or has no address (there is: {there})"
        )
    if wanted:
        return Finding("ok", "multicast", f"leaves by {wanted}, as the venue says")
    needed = venue is not None and any("multicast" in universe.to for universe in venue.universes.values())
    lack: Literal["note", "to do"] = "to do" if needed else "note"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(ANY_GROUP)  # asks for the route; a datagram socket sends nothing on connect
        except OSError:
            text = "no route: say by which card in the venue: network: {interface: eth0}"
            return Finding(lack, "multicast", text)
        source = s.getsockname()[0]
    name = next((name for name, address in interfaces.items() if address == source), source)
    if source.startswith("127."):
        return Finding(
            lack, "multicast", f"would leave by loopback ({name}): name the right one in the venue: network: {{interface: eth0}}"
        )
    return Finding("ok", "multicast", f"leaves by {name} ({source})")


def real_time() -> Finding:
    """Whether a process of this user may have SCHED_FIFO."""
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as error:
        how = _granted("rtprio 70", "LimitRTPRIO=70")
        return Finding("note", "real time", f"SCHED_FIFO: {error.strerror}. Light and sound may be late on a busy machine; {how}")
    os.sched_setscheduler(0, policy, parameter)
    return Finding("ok", "real time", "SCHED_FIFO is granted: light and sound wait for no program")


def first() -> Finding:
    """Whether a process of this user may go before programs that can wait."""
    from showctl import rank

    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, rank.FIRST)
    except OSError as error:
        how = _granted(word := f"nice {rank.FIRST}", f"Nice={rank.FIRST}")
        return Finding("note", "rank", f"{word}: {error.strerror}. Beside a busy program a GO may be 30 ms late; {how}")
    os.setpriority(os.PRIO_PROCESS, 0, before)
    return Finding("ok", "rank", f"nice {rank.FIRST} is granted: the daemon goes before programs that can wait")


def _granted(limit: str, unit: str) -> str:
    """Who may have a rank above others'."""
    return (
        f"the service is granted it (showctl service install; a unit of your own: {unit}), whoever is in the group audio by the "
        f"line `@audio - {limit}` in /etc/security/limits.d/showctl.conf, from the next login on"
    )


def port(what: str, address: tuple[str, int], kind: socket.SocketKind, option: str) -> Finding:
    """Whether a listener could open here now."""
    host, number = address
    try:
        family, _, _, _, where = socket.getaddrinfo(host, number, type=kind)[0]
        with socket.socket(family, kind) as s:
            if kind == socket.SOCK_STREAM:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(where)
    except OSError as error:
        cure = f"is another showctl running? Else choose another port: {option} {host}:{number + 1}"
        return Finding("to do", what, f"{host}:{number}: {error.strerror}; {cure}")
    reach = "this machine only" if is_loopback(host) else "open to the network"
    return Finding("ok", what, f"{host}:{number} is free ({reach})")


def mdns(host: str, group: str = "224.0.0.251") -> Finding:
    """Whether this machine may join the group of mDNS there, beside whoever else has its port."""
    if ":" in host:
        return Finding("note", "mDNS", f"{host} is no IPv4 address: OSCQuery is served there, and not announced")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind(("", 5353))
            where = socket.inet_aton(socket.gethostbyname(host))  # "localhost" is written so
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + where)
    except OSError as error:
        cure = "is the network up? OSCQuery runs without it, and is not found by itself"
        return Finding("to do", "mDNS", f"{host}: {error.strerror}; {cure}")
    return Finding("ok", "mDNS", f"can be announced on {host}; a firewall has to let UDP port 5353 through")


def broker(host: str, number: int, connect: Callable[..., socket.socket] = socket.create_connection) -> Finding:
    """Whether the MQTT broker of the venue answers."""
    try:
        connect((host, number), BROKER_TIMEOUT_S).close()
    except OSError as error:
        return Finding(
            "to do", "MQTT", f"{host}:{number}: {error}. Is the broker on (systemctl status mosquitto)? The show runs without it"
        )
    return Finding("ok", "MQTT", f"{host}:{number} answers")


def console(pa: PaPlan, seconds: float) -> Finding:
    """Whether the console of the PA answers, and has the equalisers that the venue names."""
    import asyncio
    import time

    from showctl.model import DeviceError, State
    from showctl.outputs.pa.console import console_of

    async def asked(one: Console) -> None:
        talk = asyncio.create_task(one.run())
        try:
            async with asyncio.timeout(seconds):
                while one.health().state is not State.RUNNING and not talk.done():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pass  # its health says what it lacks
        finally:
            talk.cancel()
            for error in await asyncio.gather(talk, return_exceptions=True):
                if isinstance(error, Exception):
                    raise error

    if (one := console_of(pa, Path(), time.monotonic)) is None:
        return Finding("note", "console", "no zone of the venue names an equaliser at its console: write `console` in one")
    try:
        asyncio.run(asked(one))
    except DeviceError as error:
        return Finding("to do", "console", str(error))
    health = one.health()
    return Finding("ok" if health.state is State.RUNNING else "to do", "console", health.detail)
