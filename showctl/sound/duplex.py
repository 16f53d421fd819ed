"""One stream of a sound device in both directions: each block that comes in is answered with a block that goes out.

What is done between the two is a `Work`: sound.take.Take (a sweep is played and recorded), sound.through.Through (the equaliser
of the PA); without one it is silence. The work may be changed while the stream runs, and the time that sound takes through the
card stays as it is. The callback does the work, notes the time and counts what the sound system lost; work that raises is a
mistake of ours: it is dropped, told by `fault`, and silence follows, because an exception there would end the stream without a
word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from showctl.model import DeviceError
from showctl.sound.portaudio import RATES, Device, DeviceGone, abandon, devices, library, quiet, shut, usual
from showctl.sound.pulse import Pulse

BELIEVED_S = 2.0  # a longer way through the card is a clock that means something else


class Work(Protocol):
    """What is done with each block."""

    def process(self, samples: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """(frames, inputs) in -> (frames, outputs) out, both of the device; never waits."""


class Duplex:
    """The first `inputs` channels of device `comes`, the first `outputs` of `goes`: parts of their names, "" the usual one.

    Opened at once. DeviceError, in words, where there is none, it has too few channels, or it cannot be had.
    """

    def __init__(self, comes: str, goes: str, inputs: int, outputs: int, now: Callable[[], float] = time.monotonic) -> None:
        self.inputs, self.outputs, self.rate, self.device = inputs, outputs, 0, ""
        self.lost = 0  # blocks of which the sound system says that sound was lost, on either side
        self.fault = ""  # what our own work raised
        self.way: float | None = None  # s from a block's leaving to its coming in again over a cable; None where nobody says
        self._now, self._pulse = now, Pulse(now)
        self._work: Work | None = None
        self._stream = self._open(comes, goes)

    def play(self, work: Work | None) -> None:
        """From the next block on this is done; None: silence."""
        self._work = work

    @property
    def stands(self) -> bool:
        """Whether the device has called for nothing for a while, as far as `tend` has looked."""
        return self._pulse.stands

    def tend(self) -> None:
        """Raises DeviceGone when the device went away: this process cannot use any then."""
        if not self._stream.active or self._pulse.gone():
            abandon(self._stream)
            raise DeviceGone(f"{self.device} has gone away: plug it in again or start its server")

    def close(self) -> None:
        """Silence, and the device is free."""
        self._work = None
        shut(self._stream)

    def _open(self, wanted_in: str, wanted_out: str) -> Any:
        sd, found = library(), devices()
        comes, goes = usual(found, wanted_in, "input"), usual(found, wanted_out, "output")
        for index, side, asked, there in (
            (comes, "inputs", self.inputs, found[comes].inputs),
            (goes, "outputs", self.outputs, found[goes].outputs),
        ):
            if asked > there:
                raise DeviceError(f"{found[index].name!r} has {there} {side}, the venue file wants number {asked}")
        for rate in sorted(RATES, key=lambda rate: rate != found[goes].rate):
            try:
                with quiet():
                    stream = self._stream_at(sd, rate, (comes, goes))
                    self._pulse = Pulse(self._now)
                    stream.start()
            except sd.PortAudioError as error:
                reason = str(error.args[0]) if error.args else "no reason given"
                if "rate" in reason.lower():
                    continue
                raise DeviceError(f"{found[goes].name!r} cannot be opened ({reason}): another program may be using it") from None
            self.rate, self.device = rate, _name(found[comes], found[goes])
            return stream
        raise DeviceError(f"{found[goes].name!r} runs at {found[goes].rate} Hz: set it to 48000 or 44100 Hz")

    def _stream_at(self, sd: Any, rate: int, device: tuple[int, int]) -> Any:
        channels = (self.inputs, self.outputs)
        options = {"device": device, "channels": channels, "samplerate": rate, "dtype": "float32", "latency": "low"}
        return sd.Stream(**options, callback=self._callback)

    def _callback(self, samples: NDArray[np.float32], out: NDArray[np.float32], _frames: int, info: Any, status: Any) -> None:
        """Runs in the sound system's thread."""
        self._pulse.beat()
        if status:  # any of them: sound was lost coming in or going out
            self.lost += 1
        way = info.outputBufferDacTime - info.inputBufferAdcTime
        if 0.0 < way < BELIEVED_S:
            self.way = way
        work = self._work
        if work is None:
            out[:] = 0.0
            return
        try:
            work.process(samples, out)
        except Exception as error:  # see above
            out[:] = 0.0
            self._work, self.fault = None, repr(error)


def _name(comes: Device, goes: Device) -> str:
    if comes is goes:
        return f"{goes.name} ({goes.api})"
    return f"{comes.name} and {goes.name} ({goes.api})"
