"""Sound devices, through PortAudio: the only importer of `sounddevice`, and only when a device is asked for.

Field troubles that shape this module: `import sounddevice` raises OSError where the library is missing; indices change
between starts, so a device is known by its name; PortAudio scans the devices once, so finding a card again needs a new
start of the whole library, which is allowed only while no stream of this process is open; a card that is pulled out raises
nothing, its callback just stops; ALSA and JACK write their trouble to standard error by the page.

The callback copies into the ring, notes the time and counts overflows, nothing else.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock, DeviceError
from showctl.sound.pulse import Pulse
from showctl.sound.ring import Ring
from showctl.sound.timebase import Timebase

RATES = (48000, 44100)  # Hz, that analysis takes
RING_S = 4.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 2.5  # between looks for a device; a card that comes back plays within 3 s
BLOCK_S = 0.01  # what is read at once, at most
WRONG_RATE, MANY = 0.04, 10  # share of the rate; overflows
CUSHION_S = 0.05  # of sound kept in the output's ring
_ABANDONED: list[Any] = []  # streams that died; collecting them could call PortAudio
MISSING = "the PortAudio library is missing: apt install libportaudio2; everything but sound goes on"


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device as PortAudio lists it."""

    name: str
    api: str  # "ALSA", "JACK Audio Connection Kit"
    inputs: int
    outputs: int
    rate: int  # Hz, its own


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Standard error goes nowhere for a moment: a scan makes ALSA and JACK report every device that is not there.

    What is wrong comes back as PortAudio's error code, so nothing is lost but the noise.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def library() -> Any:
    """The sounddevice module. DeviceError where it or PortAudio is missing."""
    try:
        with quiet():
            import sounddevice
    except (OSError, ImportError):
        raise DeviceError(MISSING) from None
    return sounddevice


def rescan() -> Any:
    """Look at the machine's devices anew (no stream of this process may be open); the sounddevice module."""
    sd = library()
    with quiet():
        sd._terminate()
        sd._initialize()
    return sd


def devices() -> list[Device]:
    """What is there now, in PortAudio's order. DeviceError where PortAudio is missing."""
    sd = rescan()
    apis = [api["name"] for api in sd.query_hostapis()]
    return [
        Device(
            one["name"],
            apis[one["hostapi"]],
            one["max_input_channels"],
            one["max_output_channels"],
            int(one["default_samplerate"]),
        )
        for one in sd.query_devices()
    ]


def find(found: list[Device], wanted: str, side: Literal["input", "output"] = "input") -> int:
    """Index of the input (or output) called `wanted`, whole or in part, in any case; the whole name wins, then the first.

    DeviceError when there is none; it lists what there is instead.
    """
    names = {n: d.name.casefold() for n, d in enumerate(found) if (d.inputs if side == "input" else d.outputs)}
    key = wanted.strip().casefold()
    for matches in (lambda name: name == key, lambda name: key in name):
        for n, name in names.items():
            if matches(name):
                return n
    there = ", ".join(repr(found[n].name) for n in names) or f"no sound {side} at all (is it plugged in, is JACK or ALSA up?)"
    raise DeviceError(f"there is no sound {side} called {wanted!r}; there is {there}")


def usual(found: list[Device], wanted: str, side: Literal["input", "output"]) -> int:
    """As `find`; the usual device where no name is given and there is one, else the first."""
    if not wanted:
        sd = library()
        with contextlib.suppress(sd.PortAudioError, ValueError):
            return int(sd.query_devices(kind=side)["index"])
    return find(found, wanted, side)


class DeviceGone(DeviceError):
    """A device that was open has gone away, and PortAudio with it: only a new process can look for it again.

    Closing a stream whose server died hangs for ever (JACK), and so does ending PortAudio in any way.
    """


class Input:
    """A device by name: looked for until it comes. A source of sound for the ear: see `tend` and `blocks`.

    The first `channels` are opened, or as many as there are.
    """

    def __init__(self, wanted: str, now: Callable[[], float] = time.monotonic, channels: int = 2) -> None:
        self.name = f"device:{wanted}"
        self.device, self.rate, self.overflows, self.problem = "", 0, 0, ""
        self._wanted, self._now, self._channels = wanted, now, channels
        self._stream: Any = None
        self._next_try, self._pause = 0.0, FIRST_WAIT_S
        self._ring = Ring(1, 1, RATES[0])
        self._time = Timebase(RATES[0])
        self._frames = 0  # that the callback brought
        self._stamp: tuple[int, float] | None = None  # (frame, monotonic s), written by the callback
        self._pulse = Pulse(now)

    @property
    def lost(self) -> int:
        """Audio frames that were dropped here because nobody read in time."""
        return self._ring.lost

    @property
    def wait(self) -> float:
        """Seconds until it is worth looking again."""
        return 0.005 if self._stream is not None else 0.1

    @property
    def stretch(self) -> float:
        """Monotonic seconds for each second of the device's clock."""
        return self._time.stretch

    def at(self, frame: float) -> float:
        """Monotonic seconds at which `frame` came in."""
        return self._time.at(frame)

    def tend(self) -> None:
        """Look for the device, or look after it: `problem` tells what is wrong. Raises DeviceGone when it went away."""
        now = self._now()
        if self._stream is not None:
            if not self._stream.active or self._pulse.gone():
                abandon(self._stream)
                self._stream = None
                raise DeviceGone(f"{self.device} has gone away: plug it in again or start its server; it is looked for")
            stands = f"{self.device} sends no sound any more: does its server stand still?"
            self.problem = stands if self._pulse.stands else self._wrong_rate()
        elif now >= self._next_try:
            try:
                self._start()
                self.problem = ""
            except DeviceError as error:
                self.problem = f"{error}; it is looked for until it comes"
                self._next_try, self._pause = now + self._pause, min(2 * self._pause, LONGEST_WAIT_S)

    def _start(self) -> None:
        sd = library()
        found = devices()
        index = find(found, self._wanted)
        device = found[index]
        for rate in sorted(RATES, key=lambda rate: rate != device.rate):
            self.rate, channels = rate, min(self._channels, device.inputs)
            self._ring, self._time, self._frames, self._stamp = Ring(int(RING_S * rate), channels, rate), Timebase(rate), 0, None
            options = {"device": index, "channels": channels, "samplerate": rate, "dtype": "float32", "latency": "low"}
            try:
                with quiet():
                    self._pulse = Pulse(self._now)
                    stream = sd.InputStream(**options, callback=self._callback)
                    stream.start()
            except sd.PortAudioError as error:
                self.rate, reason = 0, str(error.args[0]) if error.args else "no reason given"
                if "rate" in reason.lower():
                    continue
                raise DeviceError(f"{device.name!r} cannot be opened ({reason}): another program may be using it") from None
            self._stream, self.device = stream, f"{device.name} ({device.api})"
            return
        raise DeviceError(f"{device.name!r} runs at {device.rate} Hz: set it to 48000 or 44100 Hz")

    def _callback(self, samples: NDArray[np.float32], frames: int, info: Any, status: Any) -> None:
        """Runs in the sound system's thread."""
        self._pulse.beat()
        now = time.monotonic()
        if status.input_overflow:
            self.overflows += 1
        age = info.currentTime - info.inputBufferAdcTime
        # Some drivers leave these at zero or in another clock: then the block has just ended.
        self._stamp = (self._frames, now - (age if 0.0 < age < 1.0 else frames / self.rate))
        self._frames += frames
        self._ring.write(samples)

    def blocks(self) -> list[AudioBlock]:
        """What came in since the last call, a second at most."""
        if self._stamp is not None:
            self._time.observe(*self._stamp)
        out: list[AudioBlock] = []
        while len(out) < 100 and (block := self._ring.read(int(BLOCK_S * self._ring.rate))) is not None:
            out.append(block)
        return out

    def _wrong_rate(self) -> str:
        """Whether far more or fewer frames come than were agreed on, in words; empty if not, or not known yet."""
        real = self._time.measured_rate
        if not real or abs(real / self.rate - 1) < WRONG_RATE:
            return ""
        if self.overflows > MANY:
            return f"{self.device} loses sound: the machine is too busy, or the card's period too short (try 256 frames)"
        return f"{self.device} says {self.rate} Hz and delivers {real:.0f}: set the same rate at the card and in its mixer"

    def reach(self, channels: int) -> bool:
        """Open so many channels from now on, if there are; whether the sound begins anew for that."""
        if channels <= self._channels:
            return False
        self._channels = channels
        if self._stream is None:
            return False
        self.close()
        self.device, self._next_try = "", 0.0
        return True

    def close(self) -> None:
        """Let go of the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            shut(stream)


def abandon(stream: Any) -> None:
    """Forget a stream whose device died, without touching it: PortAudio may not be called again in this process."""
    atexit.unregister(library()._exit_handler)
    _ABANDONED.append(stream)


def shut(stream: Any) -> None:
    """Close a stream; one that died is let lie."""
    if any(stream is one for one in _ABANDONED):
        return
    if not stream.active:
        abandon(stream)
        return
    with quiet():
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


def device_blocks(wanted: str, channels: int = 2) -> Iterator[AudioBlock]:
    """The sound of a device for as long as it is there, in blocks of BLOCK_S at most. DeviceError if it is not, or goes away.

    `channels` as for Input.
    """
    source = Input(wanted, channels=channels)
    try:
        while True:
            source.tend()
            if not source.device:
                raise DeviceError(source.problem)
            yield from source.blocks()
            time.sleep(source.wait)
    finally:
        source.close()


class Output:
    """Plays to the default output wherever there is one, in stereo; where there is none it does nothing, and looks again.

    Opening can take a second, so a thread of its own does it; `write` and `lead` never wait. The card's clock and ours drift
    apart: when the ring runs over its cushion a block is left out, once in many minutes. A device that goes away while it
    plays is not looked for again: the sound goes on unheard, and is heard by the analysis all the same.
    """

    SEARCH_S = 30.0

    def __init__(self) -> None:
        self.lead = 0.0  # s; how far ahead of its sounding a block must be written
        self._ring: Ring | None = None
        self._rate = 0
        self._pulse = Pulse()
        self._skip = 0  # frames not written at the start, so that the ring holds the cushion alone
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)

    def write(self, samples: NDArray[np.float32], rate: int) -> None:
        """Take (frames, channels); never waits."""
        if not self._rate:
            self._rate = rate
            self._thread.start()
        ring = self._ring
        if ring is None or rate != self._rate:
            return
        skip = min(self._skip, len(samples))
        self._skip -= skip
        if ring.waiting < 2 * CUSHION_S * rate + len(samples):
            left, right = samples[skip:, 0], samples[skip:, min(1, samples.shape[1] - 1)]
            ring.write(np.stack((left, right), axis=1))

    def _run(self) -> None:
        try:
            while not self._closing.is_set() and not self._play():
                self._closing.wait(self.SEARCH_S)
        except DeviceError:
            return  # no PortAudio: the demo is played in silence, which `showctl doctor` explains

    def _play(self) -> bool:
        """Play until the end; False if there is no device to play to now."""
        sd = rescan()
        ring = Ring(int(RING_S * self._rate), 2, self._rate)
        options = {"samplerate": self._rate, "channels": 2, "dtype": "float32", "latency": "low"}
        try:
            with quiet():
                stream = sd.OutputStream(**options, callback=partial(self._callback, ring))
                stream.start()
        except (sd.PortAudioError, ValueError):
            return False
        self._pulse = Pulse()
        self._skip = int(stream.latency * self._rate)
        self._ring, self.lead = ring, CUSHION_S + stream.latency
        while stream.active and not self._pulse.gone() and not self._closing.wait(0.2):
            pass
        self._ring, self.lead = None, 0.0
        shut(stream)
        return True

    def _callback(self, ring: Ring, out: NDArray[np.float32], frames: int, _info: Any, _status: Any) -> None:
        """Empties the ring into the device, in the sound system's thread; silence where the ring is short."""
        self._pulse.beat()
        filled = 0
        while filled < frames and (block := ring.read(frames - filled)) is not None:
            out[filled : filled + len(block.samples)] = block.samples
            filled += len(block.samples)
        out[filled:] = 0.0

    def close(self) -> None:
        """Silence, and an end to the search."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
