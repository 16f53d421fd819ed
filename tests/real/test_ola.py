"""Another maker's receiver: Debian's olad, in a network of its own behind a cable, shows what the demo sends by multicast."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.conftest import Namespace, cable, namespace, need, process, until
from tests.real.night import LONGEST, Night, Wire, inside, night_in, wire

pytestmark = pytest.mark.real

UNIVERSES = (1, 2, 3, 4)
OTHERS = """artnet dummy espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol osc pathport renard sandnet
shownet spi stageprofi uartdmx usbdmx usbpro usbserial"""
E131 = """\
enabled = true
cid = 6b1f3b8e-0d6c-4f5f-9f0e-1f6f0f1a2b3c
input_ports = 4
output_ports = 1
ip = 10.99.0.2
"""
STALE_NS = 100_000_000  # how old a frame may be that olad still shows, for a busy machine


class Olad:
    """olad, and what its page says."""

    def __init__(self, net: Namespace) -> None:
        self.net = net

    def page(self, path: str) -> str:
        """What its web server answers."""
        with inside(self.net):
            connection = http.client.HTTPConnection("127.0.0.1", 9090, timeout=LONGEST)
            connection.connect()
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(json.loads(self.page("/json/server_stats")))
        except OSError:
            return False

    def patch(self, *universes: int) -> None:
        """Its ports of E1.31 take these universes."""
        device = re.search(r"Device (\d+): E1\.31", self.net.run(["ola_dev_info"]).stdout)
        assert device is not None
        for port, universe in enumerate(universes):
            self.net.run(["ola_patch", "-d", device[1], "-p", str(port), "-i", "-u", str(universe)])

    def slots(self, universe: int) -> bytes:
        """What it believes the slots of a universe to be."""
        return bytes(json.loads(self.page(f"/get_dmx?u={universe}"))["dmx"])


@contextmanager
def olad(net: Namespace) -> Iterator[Olad]:
    """olad as its own user, which it insists on, with a configuration of its own."""
    need("olad", "ola_patch", "ola_dev_info", "setpriv")
    folder = Path(tempfile.mkdtemp(prefix="ola-"))
    try:
        for plugin in re.findall(r"\w+", OTHERS):
            (folder / f"ola-{plugin}.conf").write_text("enabled = false\n")
        (folder / "ola-e131.conf").write_text(E131)
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "olad")
        user = ["setpriv", "--reuid=olad", "--regid=olad", "--clear-groups", "env", f"HOME={folder}"]
        command = ["olad", "-c", str(folder), "-l", "2", "--no-register-with-dns-sd", "-p", "9090"]
        with process(net.command([*user, *command])) as running:
            one = Olad(net)
            until(lambda: one.up() or running.popen.poll() is not None, LONGEST, "olad's page")
            assert running.popen.poll() is None, running.output
            yield one
    finally:
        shutil.rmtree(folder)


def shown(line: Wire, universe: int, slots: bytes, asked: int, answered: int) -> bool:
    """Whether these slots were on the wire from a moment before the question until the answer (Unix ns)."""
    frames = [(at, packet.slots) for at, packet in line.packets if packet.universe == universe and at <= answered]
    before = [index for index, (at, _) in enumerate(frames) if at < asked - STALE_NS]
    return slots.ljust(512, b"\0") in {frame for _, frame in frames[before[-1] if before else 0 :]}


@pytest.fixture
def house() -> Iterator[tuple[Night, Namespace]]:
    """Two networks joined by a cable: a night on stage, and a hall that listens."""
    with namespace() as stage, namespace() as hall:
        cable(stage, hall)
        with night_in(stage) as demo:
            yield demo, hall


def test_ola_shows_all_universes_of_the_demo(house: tuple[Night, Namespace]) -> None:
    demo, hall = house
    with olad(hall) as ola, wire(hall, "show0") as line, demo.daemon("--sacn", "multicast", "--no-browser", name="demo"):
        until(lambda: all(line.of(universe) for universe in UNIVERSES), LONGEST, "all universes on the wire")
        ola.patch(*UNIVERSES)
        until(lambda: all(any(ola.slots(u)) for u in UNIVERSES if any(line.of(u)[-1].slots)), LONGEST, "light in olad")
        seen: dict[int, set[bytes]] = {universe: set() for universe in UNIVERSES}
        answers = []

        def changed() -> bool:
            for universe in UNIVERSES:
                asked = time.time_ns()
                slots = ola.slots(universe)
                answers.append((universe, slots, asked, time.time_ns()))
                seen[universe].add(slots)
            moved = [u for u in UNIVERSES if len({packet.slots for packet in line.of(u, since)}) > 20]
            return len(answers) >= 120 and bool(moved) and all(len(seen[u]) > 5 for u in moved)

        since = len(line.packets)
        until(changed, LONGEST, "changing values", every=0.01)
        until(lambda: line.packets[-1][0] > answers[-1][3], LONGEST, "what was on the wire meanwhile")
        wrong = [universe for universe, *answer in answers if not shown(line, universe, *answer)]
        assert wrong == []
        assert line.malformed == []

        # a still stage: olad holds exactly the last frame
        demo.control(type="blackout", on=True)
        line.until_level(1, 1, 0)
        demo.osc("/showctl/sub/probe", 0.6)
        until(lambda: ola.slots(4)[511] == 153, LONGEST, "the probe in olad")
        assert not any(ola.slots(1)[:6])


def test_tshark_reads_every_packet_of_the_demo(house: tuple[Night, Namespace], tmp_path: Path) -> None:
    """Wireshark's dissector agrees with what we meant, packet by packet."""
    need("tshark")
    demo, hall = house
    with wire(hall, "show0") as line, demo.daemon("--sacn", "multicast", "--no-browser", name="demo"):
        until(lambda: len(line.packets) > 200, LONGEST, "two hundred packets")
    pcap, count = tmp_path / "wire.pcap", len(line.packets)
    line.save(pcap, count)
    fields = ["acn.cid", "acn.dmx.source_name", "acn.dmx.priority", "acn.dmx.seq_number", "acn.dmx.universe", "_ws.malformed"]
    command = ["tshark", "-n", "-r", str(pcap), "--enable-heuristic", "acn", "-o", "acn.dmx_enable:TRUE", "-T", "fields"]
    done = subprocess.run([*command, *(word for field in fields for word in ("-e", field))], capture_output=True, text=True)
    rows = [row.split("\t") for row in done.stdout.splitlines()]
    meant = [
        [packet.cid.hex(), packet.source_name, str(packet.priority), str(packet.sequence), str(packet.universe), ""]
        for _, packet in line.packets
    ]
    assert [[row[0].replace("-", ""), *row[1:]] for row in rows] == meant
