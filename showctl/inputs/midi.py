"""MIDI from a desk that is plugged in: ALSA's raw devices, read by the event loop; what it means is `wire.midi_map`'s.

The kernel hands the bytes of a cable out as /dev/snd/midiC1D0, so a library (python-rtmidi over ALSA's sequencer) would only
bring a compiler, a thread and a queue between the pad and the light. What it costs: ports that exist in the sequencer alone
(software, Bluetooth, MIDI over the network) have no such device and are not seen; snd-virmidi gives them one, see
docs/technician.md. Of a device with several cables in one node the first is read. One program may have a device at a time.

A desk is found by a part of its name, as /proc/asound has it, never by a number: numbers change with the order of plugging. A
path is opened as it is. While the desk is away it is looked for again, at first at once and then every LONGEST_WAIT_S; what
its pads held is let go. A wake-up of the loop takes at most BATCH bytes, then everything else has its turn.

Time code (`wire.mtc`) is followed whether a list asks for it or not. Show control (`wire.msc`) is, where the venue says which
device of it we are.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from showctl.model import ControlEvent, DeviceError, Health, PlaybackState, State
from showctl.plan import Plan, Quantise
from showctl.supervise import Quiet
from showctl.wire import msc, mtc
from showctl.wire.bound import Bound
from showctl.wire.eos import Desk
from showctl.wire.midi import Exclusive, Message, Quarter, Stream
from showctl.wire.midi_map import Deed, Knob, Surface, moved
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import Vocabulary
from showctl.wire.timecode import Chase, Frame

log = logging.getLogger("showctl.midi")

BATCH = 256  # bytes a wake-up: 128 messages at most
NOTHING = Bound(())
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0
SOUND, NODES = Path("/proc/asound"), Path("/dev/snd")
_NODE = re.compile(r"midiC([0-9]+)D([0-9]+)")


@dataclass(frozen=True, slots=True)
class Port:
    """A device that sends MIDI to us."""

    name: str  # as its maker called it
    card: str  # ALSA's word for it, which is another for each of two alike
    path: Path


def ports(sound: Path = SOUND, nodes: Path = NODES) -> list[Port]:
    """What is plugged in, by card and device."""
    found = []
    for path in nodes.glob("midiC*D*"):
        if (numbers := _NODE.fullmatch(path.name)) is None:
            continue
        card = sound / f"card{numbers[1]}"
        said, word = _read(card / f"midi{numbers[2]}").splitlines(), _read(card / "id").strip()
        if any(line.startswith("Input") for line in said):
            found.append((int(numbers[1]), int(numbers[2]), Port(said[0].strip() or word, word, path)))
    return [port for _, _, port in sorted(found, key=lambda one: one[:2])]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # unplugged while we looked
        return ""


def find(found: list[Port], wanted: str) -> Path:
    """The device called `wanted`, whole or in part, in any case; the whole name wins, then the first. A path is that path.

    DeviceError when there is none; it lists what there is instead.
    """
    if wanted.startswith("/"):
        return Path(wanted)
    key = wanted.strip().casefold()
    for matches in (lambda name: name == key, lambda name: key in name):
        for port in found:
            if matches(port.name.casefold()) or matches(port.card.casefold()):
                return port.path
    there = ", ".join(repr(port.name) for port in found) or "none at all (is it plugged in and switched on?)"
    raise DeviceError(f"there is no MIDI desk called {wanted!r}; there is {there}. It is looked for again until it comes")


class MidiInput:
    """Plays the desk called `wanted`, or at that path, and hands what it asks for to `emit`, which returns False for no room."""

    def __init__(
        self,
        wanted: str,
        entries: Mapping[Knob, Deed],
        *,
        channel: int | None = None,
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        playback: Callable[[], PlaybackState | None],
        names: Callable[[], Vocabulary],
        look: Callable[[], list[Port]] = ports,
        device: int | None = None,
        plan: Callable[[], Plan] = lambda: Plan(()),
        bound: Callable[[], Bound] = lambda: NOTHING,
        later: Callable[[ControlEvent, Quantise, str], bool] = lambda _event, _on, _words: False,
    ) -> None:
        """`channel` is the only one that is listened to, None for any; `now` is show time (s). What `bound` is of the show goes
        over the entries; what it wants with a beat goes to `later`, which returns False for no room.

        `device` is what show control calls us, None where it is not listened to; it counts the lists of `plan`.
        """
        self.wanted = wanted
        self._surface, self._channel = Surface(entries, channel), channel
        self._bound, self._later = bound, later
        self._own: tuple[Bound, Surface] = NOTHING, Surface({})  # what the show binds
        self._emit, self._now, self._playback, self._names, self._look = emit, now, playback, names, look
        self._source = f"midi:{wanted}"
        self._quarters, self._chase = mtc.Reader(), Chase("mtc", self._source)
        self._device, self._plan = device, plan
        self._desk: tuple[Plan, Desk] | None = None
        self._since = now()
        self._path: Path | None = None  # of what is open
        self._lacks = f"{wanted} is looked for"
        self._heard = ""  # the last message, as the map would call it
        self._counts = dict.fromkeys(("received", "fired", "refused", "refused_full", "skipped_bytes"), 0)
        self._quiet = Quiet(now)

    async def run(self) -> None:
        """Play until cancelled, whether the desk is there or not."""
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._play()
                wait = FIRST_WAIT_S  # it was there
            except DeviceError as error:
                self._lacks = str(error)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)

    def health(self) -> Health:
        """How the desk is; the counters are since the start of the daemon."""
        counters = tuple((name, float(count)) for name, count in self._counts.items())
        if self._path is None:
            return Health("midi", State.DEGRADED, self._lacks, self._since, counters)
        heard = f"; last heard: {self._heard}" if self._heard else "; nothing heard yet"
        return Health("midi", State.RUNNING, f"{_called(self.wanted, self._path)}{heard}", self._since, counters)

    async def _play(self) -> None:
        """From the moment that the desk is there until it is gone. DeviceError where it cannot be had."""
        path = find(self._look(), self.wanted)
        device = _open(path, self.wanted)
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[str] = loop.create_future()
        try:
            loop.add_reader(device, self._wake, device, Stream(), gone)
            self._path, self._since = path, self._now()
            self._lacks = f"{self.wanted} {await gone}: is it plugged in? It is looked for again until it comes"
        except PermissionError:  # what the kernel says of a file, and of a folder
            raise DeviceError(f"{path} is no MIDI device: `showctl devices` lists those that there are") from None
        finally:
            loop.remove_reader(device)
            os.close(device)
            self._path, self._since = None, self._now()
            self._let_go(self._surface)
            self._let_go(self._own[1])

    def _wake(self, device: int, stream: Stream, gone: asyncio.Future[str]) -> None:
        if gone.done():
            return
        try:
            data = os.read(device, BATCH)
            if data:
                self._hear(data, stream)
            else:
                gone.set_result("has gone")
        except BlockingIOError:
            return
        except OSError as error:
            gone.set_result(f"has gone ({error.strerror})")
        except Exception as error:  # our mistake: it ends run(), rather than the loop logging it for each wake-up
            gone.set_exception(error)

    def _hear(self, data: bytes, stream: Stream) -> None:
        before = stream.skipped
        for message in stream.feed(data):
            self._counts["received"] += 1
            if isinstance(message, Quarter):
                self._follow(self._quarters.quarter(message.data))
            elif isinstance(message, Exclusive):
                self._exclusive(message.data)
            else:
                self._act(message)
        self._counts["skipped_bytes"] += stream.skipped - before

    def _act(self, message: Message) -> None:
        place, _ = moved(message)
        self._heard = f"{place} on channel {message.channel}"
        bound, own = self._of_show()
        surface = own if place in bound.map else self._surface
        taken = surface.take(message, self._playback(), self._now(), self._source, self._names())
        asked, on, words = bound.midi(place, taken)
        if isinstance(asked, Refusal):
            self._refuse(str(place), asked)
        elif asked is not None and on != "now":
            self._counts["fired" if self._later(asked, on, words) else "refused_full"] += 1
        elif asked is not None:
            self._ask(asked)

    def _of_show(self) -> tuple[Bound, Surface]:
        """What the show binds now; of another version the faders have to meet their levels anew."""
        bound = self._bound()
        if bound is not self._own[0]:
            self._let_go(self._own[1])
            self._own = bound, Surface(bound.map, self._channel)
        return self._own

    def _let_go(self, surface: Surface) -> None:
        for one in surface.pulled(self._now(), self._source, self._names()):
            self._emit(one)

    def _follow(self, frame: Frame | None) -> None:
        if frame is None:
            return
        now = self._now()
        told = self._chase.runs(now, frame.at) if frame.direction else self._chase.stands(now, frame.at)
        self._heard = "time code"
        if told is not None:
            self._ask(told)

    def _exclusive(self, data: bytes) -> None:
        self._follow(mtc.full(data))
        if self._device is None:
            return
        plan = self._plan()
        if self._desk is None or self._desk[0] is not plan:
            self._desk = plan, Desk.of(plan)
        asked = msc.understood(data, self._device, self._desk[1], self._playback(), self._now(), self._source)
        if isinstance(asked, Refusal):
            self._refuse("show control", asked)
            return
        for one in asked:
            self._heard = "show control"
            self._ask(one)

    def _ask(self, one: ControlEvent) -> None:
        self._counts["fired" if self._emit(one) else "refused_full"] += 1

    def _refuse(self, what: str, why: Refusal) -> None:
        self._counts["refused"] += 1
        self._say(f"{self._source}: {what}: {why.value}")

    def _say(self, text: str) -> None:
        held = self._quiet.line(text)
        if held is not None:
            log.warning("%s%s", text, held)


def _called(wanted: str, path: Path) -> str:
    return wanted if wanted == str(path) else f"{wanted} ({path})"


def _open(path: Path, wanted: str) -> int:
    """A descriptor to read from. Raises DeviceError with what to do."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EAGAIN):
            cure = "another program has it: end that one"
        elif isinstance(error, PermissionError):
            cure = "this user may not read it: add it to the group audio, and log in again"
        else:
            cure = "is it plugged in? It is looked for again until it comes"
        raise DeviceError(f"{_called(wanted, path)} cannot be opened: {error.strerror}; {cure}") from error
