"""The one stream that the tracks are heard on: opened once, and never closed while the show runs, so that no song has to wait.

The callback takes what was asked for since the last block, has the mixer make the next one and hands its lines to their channels
of the device. It runs with SCHED_FIFO where that is allowed. It counts drop-outs by their cause: `lost` is what the sound system
says it lost, `late` blocks that took us longer than they last, from the call of the sound system to our return. A mistake of ours
there is told by `fault`, and silence follows, because an exception would end the stream without a word.

A card that is pulled out mostly just calls no more, and only a new process can have it back: then the song is paused. After a
standstill of its sound server the song goes on; `sound.pulse` tells them apart.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model import DeviceError
from showctl.model.player import Mode
from showctl.sound.player.mixer import Mixer
from showctl.sound.portaudio import RATES, Device, DeviceGone, abandon, devices, library, quiet, shut, usual
from showctl.sound.pulse import Pulse

PRIORITY = 30  # SCHED_FIFO
BELIEVED_S = 2.0  # a longer way through the card is a clock that means something else
MOST_DEEDS = 256  # between two blocks

Deed: TypeAlias = Callable[[Mixer], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The mixer after a block. Frames of the device; `now` (monotonic s) is when the block was begun."""

    began: int  # its first frame
    now: float
    frames: int  # the frame after its last one
    position: float  # frame of the track that follows
    speed: float
    mode: Mode
    take: int
    seq: int
    length: int  # frames of the track
    latency: float  # s from `now` to the leaving of its first frame


class Stream:
    """Lines of a mixer on the channels (from 0) of a device: a part of its name, "" the usual one.

    Opened at once. DeviceError, in words, where there is none, it has too few channels, or it cannot be had.
    """

    def __init__(self, card: str, channels: tuple[int, ...], now: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.device = 0, ""
        self.lost = self.late = 0
        self.fault = ""  # what our own work raised
        self.snapshot: Snapshot | None = None
        self._channels, self._now, self._pulse = list(channels), now, Pulse(now)
        self._deeds: deque[Deed] = deque()
        self._ranked = False
        self.mixer, self._stream = self._open(card)
        self._lines = np.zeros((8192, len(channels)), np.float32)
        with quiet():
            self._stream.start()

    @property
    def stands(self) -> bool:
        """Whether the card has asked for nothing for a while, as far as `tend` has looked."""
        return self._pulse.stands

    def ask(self, deed: Deed) -> bool:
        """Have it done before the next block; False where too much waits."""
        if len(self._deeds) >= MOST_DEEDS:
            return False
        self._deeds.append(deed)
        return True

    def tend(self) -> None:
        """Raises DeviceGone when the device went away: this process cannot use any then."""
        if not self._stream.active or self._pulse.gone():
            abandon(self._stream)
            raise DeviceGone(f"{self.device} has gone away: plug it in again or start its server")

    def close(self) -> None:
        """Silence, and the device is free."""
        shut(self._stream)

    def _open(self, card: str) -> tuple[Mixer, Any]:
        sd, found = library(), devices()
        index = usual(found, card, "output")
        device, wanted = found[index], max(self._channels) + 1
        if wanted > device.outputs:
            raise DeviceError(f"{device.name!r} has {device.outputs} outputs, the venue file wants number {wanted}")
        for rate in sorted(RATES, key=lambda rate: rate != device.rate):
            options = {"device": index, "channels": wanted, "samplerate": rate, "dtype": "float32", "latency": "low"}
            try:
                with quiet():
                    stream = sd.OutputStream(**options, callback=self._callback)
            except sd.PortAudioError as error:
                reason = str(error.args[0]) if error.args else "no reason given"
                if "rate" in reason.lower():
                    continue
                raise DeviceError(f"{device.name!r} cannot be opened ({reason}): another program may be using it") from None
            self.rate, self.device = rate, _name(device)
            return Mixer(len(self._channels), rate), stream
        raise DeviceError(f"{device.name!r} runs at {device.rate} Hz: set it to 48000 or 44100 Hz")

    def _callback(self, out: NDArray[np.float32], frames: int, info: Any, status: Any) -> None:
        """Runs in the sound system's thread."""
        self._pulse.beat()
        now = self._now()
        try:
            if not self._ranked:
                self._rank()
            if status:  # underflow is the only one there is
                self.lost += 1
            self._make(out, frames, now, info)
        except Exception as error:  # see above
            out[:] = 0.0
            self.fault = self.fault or repr(error)
        self.late += max(self._now() - now, self._age(info)) > frames / self.rate

    def _age(self, info: Any) -> float:
        """Seconds since the sound system called: with the wait for the interpreter, before our first line."""
        age = 0.0
        with contextlib.suppress(Exception):  # PortAudio says "error" where its time is 0, as at a stream's first moment
            age = self._stream.time - info.currentTime
        return age if age < BELIEVED_S else 0.0

    def _make(self, out: NDArray[np.float32], frames: int, now: float, info: Any) -> None:
        mixer, deeds = self.mixer, self._deeds
        while deeds:
            deeds.popleft()(mixer)
        if frames > len(self._lines):
            self._lines = np.zeros((frames, len(self._channels)), np.float32)
        lines, began = self._lines[:frames], mixer.frames
        mixer.render(lines)
        out[:] = 0.0
        out[:, self._channels] = lines.clip(-1.0, 1.0)
        latency = info.outputBufferDacTime - info.currentTime
        if not 0.0 < latency < BELIEVED_S:
            latency = frames / self.rate
        source = mixer.source
        self.snapshot = Snapshot(
            began,
            now,
            mixer.frames,
            mixer.position,
            mixer.speed,
            mixer.mode,
            mixer.take,
            mixer.seq,
            0 if source is None else source.frames,
            latency,
        )

    def _rank(self) -> None:
        """Be served before programs that can wait. The sound system may have seen to that already; a user may not."""
        self._ranked = True
        with contextlib.suppress(OSError):
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))


def _name(device: Device) -> str:
    return f"{device.name} ({device.api})"
