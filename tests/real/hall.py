"""A hall to close the loop over the PA in: a sound server, a concert in a known room (play_hall), a console, and the real
`showctl run` between them. Cables are JACK's connections, so an end can be pulled or swapped as it is on a stage.

Of the console there is an engineer's second hand here (`Hand`), and of the daemon what /api/health says.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showctl.model import EqBand
from showctl.wire.osc import encode
from showctl.wire.x32 import KEYS, Limits, equaliser, parameters
from tests.real.conftest import Process, free_port, process, until
from tests.real.jack import connect, ports

CONSOLE = equaliser("x32", "main")
ANY = Limits(gain=(-15.0, 15.0), q=(0.3, 10.0))
FLAT = tuple(EqBand("peaking", freq, 0.0, 1.0) for freq in (60.0, 150.0, 400.0, 1000.0, 2500.0, 8000.0))
Sound = NDArray[np.float64]

VENUE = """\
showctl: 1
kind: venue
name: Hall
pa:
  mode: {mode}
  in: system
  programme: 1
  target: {target}
  console: {{type: x32, address: {address}}}
{more}  zones:
    main: {{out: [1], console: main}}
  microphones:
{microphones}
"""
SHOW = "showctl: 1\nkind: show\nname: Night\ncues:\n  - {cue: 1, set: {}}\n"


def _joined(port: str) -> set[str]:
    """What an input hears."""
    lines = subprocess.run(["jack_lsp", "-c", port], capture_output=True, text=True, timeout=60).stdout.splitlines()
    return {line.strip() for line in lines if line.startswith(" ")}


class Hand:
    """An engineer at the console: a second OSC client."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, port))

    def sets(self, bands: Sequence[EqBand], on: bool = True) -> None:
        """All bands, one after the other, then the switch."""
        for i, one in enumerate(bands):
            for key, value in zip(KEYS, parameters(one, ANY), strict=True):
                self.turns(i, key, value)
        self._socket.send(encode(CONSOLE.switch, int(on)))

    def turns(self, band: int, key: str, value: float) -> None:
        """One knob."""
        self._socket.send(encode(CONSOLE.address(band, key), value))  # type: ignore[arg-type]

    def close(self) -> None:
        """Go away."""
        self._socket.close()


class Hall:
    """Everything that runs. `folder` holds what play_hall wants."""

    def __init__(self, folder: Path, console: Process, address: tuple[str, int], venue: str) -> None:
        self.folder, self.console, self.address = folder, console, address
        self.hand = Hand(*address)
        self._http = free_port()
        self._ends = ExitStack()
        self._venue = venue
        self.outs: list[str] = []
        self.ins: list[str] = []
        self.player: Process
        self.daemon: Process

    def begin(self) -> None:
        """The concert plays, then the daemon listens to it."""
        before = set(ports())
        self.player = self._ends.enter_context(
            process([sys.executable, "-m", "tests.real.play_hall", str(self.folder), self.address[0], str(self.address[1])])
        )
        self.player.wait_for("^ready", 60)
        self.outs = sorted(p for p in set(ports()) - before if ":out_" in p)
        (self.folder / "venue.yaml").write_text(self._venue)
        (self.folder / "show.yaml").write_text(SHOW)
        known = set(ports())
        where = ["--http", f"127.0.0.1:{self._http}", "--osc", f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"]
        options = ["--audio", "none", "--sacn", "off", "--state", str(self.folder / "state"), *where]
        command = [sys.executable, "-m", "showctl", "run", str(self.folder / "venue.yaml"), str(self.folder / "show.yaml")]
        self.daemon = self._ends.enter_context(process([*command, *options]))
        self.daemon.wait_for("the page is at", 60)

        def heard() -> list[str]:
            return sorted(p for p in set(ports()) - known if ":in_" in p)

        until(lambda: len(heard()) == len(self.outs), 60, "the daemon's inputs")
        self.ins = heard()
        self.cable()

    def mend(self) -> bool:
        """The daemon's cables again, where its process that hears the room is another one than it was."""
        there = ports()
        if set(self.ins) <= set(there):
            return False
        ins = sorted(p for p in there if ":in_" in p and p.partition(":")[0] != self.outs[0].partition(":")[0])
        if len(ins) != len(self.outs):
            return False  # it is on its way
        self.ins = ins
        self.cable()
        return True

    def cable(self, *order: int | None) -> None:
        """Which output goes into each input of the daemon, programme first; None: nothing does. Without any: as it should be."""
        for place, wanted in zip(self.ins, order or range(len(self.outs)), strict=True):
            source = None if wanted is None else self.outs[wanted]
            for other in _joined(place) - {source}:
                subprocess.run(["jack_disconnect", other, place], check=True, capture_output=True, timeout=60)
            if source is not None and source not in _joined(place):
                connect(source, place)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._http}"

    def health(self) -> dict[str, dict[str, Any]]:
        """Part -> what /api/health says of it."""
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=10) as answer:
            return {part["name"]: part for part in json.load(answer)["parts"]}

    def state(self) -> dict[str, Any]:
        """What /api/state says."""
        with urllib.request.urlopen(f"{self.url}/api/state", timeout=10) as answer:
            return dict(json.load(answer))

    def becomes(self, responses: Sound) -> None:
        """Another room from now on: (1, microphones, frames)."""
        np.save(self.folder / "new.npy", responses)
        (self.folder / "new.npy").replace(self.folder / "room.npy")

    def bands(self) -> list[tuple[float, bool, tuple[EqBand, ...]]]:
        """What the console held: since when (monotonic s), whether it was on, its bands."""
        held = []
        for line in (self.folder / "bands.jsonl").read_text().splitlines():
            at, on, rows = json.loads(line)
            if all(row is not None for row in rows):
                held.append((at, on, tuple(EqBand(*row) for row in rows)))
        return held

    def end(self) -> None:
        """The daemon first."""
        self.hand.close()
        self._ends.close()


@contextmanager
def concert(
    folder: Path,
    song: Sound,
    responses: Sound,
    crowds: Sequence[Sound],
    *,
    console: tuple[Process, tuple[str, int]],
    bands: Sequence[EqBand] = FLAT,
    target: str = "house",
    sensitivity: float | None = None,
    mode: str = "auto",
    more: str = "",
) -> Iterator[Hall]:
    """A song (frames,) in a room (1, microphones, frames) with crowds (microphones or 1, frames), and the daemon listening.

    `sensitivity` in dB of full scale for a calibrator, of each microphone; `more` lines of `pa` in the venue file.
    """
    np.save(folder / "song.npy", song.astype(np.float32))
    np.save(folder / "room.npy", responses)
    for n, crowd in enumerate(crowds):
        np.save(folder / f"crowd{n}.npy", crowd.astype(np.float32))
    known = "" if sensitivity is None else f", sensitivity: {sensitivity:g}dB"
    lines = [f"    mic{n}: {{in: {n + 2}{known}}}" for n in range(responses.shape[1])]
    address = f"{console[1][0]}:{console[1][1]}"
    venue = VENUE.format(mode=mode, target=target, address=address, microphones="\n".join(lines), more=more)
    hall = Hall(folder, console[0], console[1], venue)
    try:
        hall.hand.sets(bands)
        hall.begin()
        yield hall
    finally:
        hall.end()


@contextmanager
def fake_console() -> Iterator[tuple[Process, tuple[str, int]]]:
    """The fake, on a port of loopback."""
    with process([sys.executable, "-m", "tests.real.play_console"]) as running:
        yield running, ("127.0.0.1", int(running.wait_for(r"^port (\d+)")[1]))


def now() -> float:
    """Of the same clock as `Hall.bands`."""
    return time.monotonic()
