"""Blocks of the sound card -> what is known of the room: responses, levels, howls, and what is wrong with a microphone.

The programme is played through the PA's bands, unheard, before it is compared; calibrations are taken out. Times in seconds of
the stream; no clock, no files.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from showctl.analysis.room.howl import HowlWatch
from showctl.analysis.room.level import LevelMeter
from showctl.analysis.room.listening import RoomListener
from showctl.analysis.room.microphone import Calibration
from showctl.analysis.room.place import Places, Stand
from showctl.inputs.room import troubles
from showctl.model import AudioBlock, EqBand, Howl, LevelPast, Levels, RoomResponse, State
from showctl.sound.equaliser import EqLimits, Equaliser
from showctl.sound.meter import Meter
from showctl.wire.room import RoomHeard, RoomSetup

DEAF_S = 45.0  # s of programme after which a microphone must know some of it
PLAYS = -50.0  # dBFS RMS: below, no microphone need hear anything
RECENT = 3  # records over which the programme's level is told
WAITING = 32  # howls
ANY = EqLimits(bands=32, boost=40.0, cut=80.0, summed=200.0, q=(0.05, 50.0))  # what a console may hold, hands included
CALIBRATOR = 94.0  # dB of sound pressure that a sensitivity is told for


class Listening:
    """One stream. `curves` are the microphones' calibrations, None for one that is taken as flat; `places` is what is remembered
    of where they stand, from the stream before."""

    def __init__(
        self,
        setup: RoomSetup,
        rate: int,
        curves: Sequence[Calibration | None],
        bands: tuple[EqBand, ...] = (),
        places: Places | None = None,
    ) -> None:
        self._setup, self.rate, self._curves = setup, rate, curves
        self._programme = [channel - 1 for channel in setup.programme]
        self._microphones = [one.channel - 1 for one in setup.microphones]
        self._names = [one.name for one in setup.microphones]
        self._listener = RoomListener(rate, len(self._microphones))
        self._places = places or Places(len(self._microphones))
        self._equaliser = Equaliser(1, rate, ANY, slew=60.0)
        self._meters = [Meter() for _ in self._microphones]
        self._levels = [self._meter(one.sensitivity, n, curves[n]) for n, one in enumerate(setup.microphones)]
        self._howls = [HowlWatch(rate, n) for n in range(len(self._microphones))]
        self._new: deque[Howl] = deque(maxlen=WAITING)
        self._last: list[Levels | None] = [None] * len(self._microphones)
        self._answers: tuple[RoomResponse | None, ...] = (None,) * len(self._microphones)
        self._deaf = [0.0] * len(self._microphones)  # s of programme since anything of it was known
        self._square, self._frames = 0.0, 0
        self._recent: deque[float] = deque(maxlen=RECENT)  # mean squares of the programme
        self._fed = 0  # frames that the listener had
        self.end = 0.0  # s of the stream that have come
        self.play(bands)

    def _meter(self, sensitivity: float | None, channel: int, curve: Calibration | None) -> LevelMeter | None:
        if sensitivity is None:
            return None
        taps = None if curve is None else curve.taps(self.rate)
        return LevelMeter(self.rate, CALIBRATOR - sensitivity, self._setup.limits, channel, taps)

    def play(self, bands: tuple[EqBand, ...]) -> None:
        """The PA plays through these bands from now on. ValueError for what is no band."""
        self._equaliser.set([bands])

    def relearn(self) -> None:
        """The microphones stand well where they stand now."""
        self._places.relearn()

    def remember(self, microphone: str, past: LevelPast, ago: float) -> None:
        """How loud it was before this began, to s ago."""
        for one, meter in zip(self._setup.microphones, self._levels, strict=True):
            if one.name == microphone and meter is not None:
                meter.remember(past, round(ago))

    def pasts(self) -> dict[str, LevelPast]:
        """How loud it was until now, by microphone."""
        levels = zip(self._setup.microphones, self._levels, strict=True)
        return {one.name: meter.past() for one, meter in levels if meter is not None}

    @property
    def howling(self) -> bool:
        """Whether something howls that nobody has been told of."""
        return bool(self._new)

    @property
    def channels(self) -> int:
        """Inputs that the card must have."""
        return 1 + max(*self._programme, *self._microphones)

    def feed(self, block: AudioBlock) -> None:
        """What came in. ValueError where the card has too few inputs."""
        if block.samples.shape[1] < self.channels:
            raise ValueError(f"the card has {block.samples.shape[1]} inputs, the venue file wants number {self.channels}")
        dry = block.samples[:, self._programme].mean(axis=1, keepdims=True)
        heard = AudioBlock(block.start, block.samples[:, self._microphones], block.rate, block.lost)
        self._square += float(np.sum(np.square(dry, dtype=np.float64)))
        self._frames += len(dry)
        for n, meter in enumerate(self._meters):
            meter.add(replace(heard, samples=heard.samples[:, n : n + 1]))
        for n, level in enumerate(self._levels):
            if level is not None and (said := level.feed(heard)):
                self._last[n] = said[-1]
        for watch in self._howls:
            self._new.extend(watch.feed(heard))
        wet = np.empty_like(dry)
        self._equaliser.process(dry, wet)
        self._fed += len(dry)
        self.end = (block.start + len(dry)) / self.rate
        missed = self.end - self._fed / self.rate  # s that were lost, which the listener knows nothing of
        for answers in self._listener.feed(wet[:, 0], heard.samples):
            self._answers = tuple(self._well(one, missed, n) for n, one in enumerate(answers))

    def _well(self, response: RoomResponse, missed: float, microphone: int) -> RoomResponse:
        """With its calibration taken out, numbers only, and its time in the stream."""
        curve = self._curves[microphone]
        known = response.magnitude if curve is None else response.magnitude - curve.at(response.freq)
        fine = np.isfinite(known) & np.isfinite(response.coherence)
        return replace(
            response,
            time=response.time + missed,
            magnitude=np.where(fine, known, 0.0),
            coherence=np.where(fine, response.coherence, 0.0),
            trusted=response.trusted & fine,
            worth=np.where(fine, response.worth, 0.0),
        )

    def take(self) -> RoomHeard:
        """What is known now; the howls since the last time."""
        if self._frames:
            self._recent.append(self._square / self._frames)
            if self._recent[-1] > 10 ** (PLAYS / 10):
                self._deaf = [seconds + self._frames / self.rate for seconds in self._deaf]
            self._square, self._frames = 0.0, 0
        for n, one in enumerate(self._answers):
            if one is not None and one.trusted.any():
                self._deaf[n] = 0.0
        mean = sum(self._recent) / max(1, len(self._recent))
        programme = max(-120.0, 10 * math.log10(mean)) if mean > 0 else -120.0
        howls = tuple(self._new)
        self._new.clear()
        said = tuple(self._troubles(programme > PLAYS))
        return RoomHeard(self.end, State.RUNNING, "", self.rate, 0, programme, self._answers, tuple(self._last), howls, said)

    def _troubles(self, plays: bool) -> list[str]:
        """What is wrong, in words with the next step: first what is surely so and makes the rest follow."""
        ill = {}
        for n, meter in enumerate(self._meters):
            if text := troubles.of_input(self._names[n], meter.condition, plays):
                ill[n], self._deaf[n] = text, 0.0
        patterns = self._listener.patterns()
        if early := troubles.early(self._names, [None if one is None else one.strongest for one in patterns]):
            self._deaf = [0.0] * len(self._deaf)
        stands = self._places.hear(self.end, patterns, not ill and not early)
        known = [Stand() if n in ill else one for n, one in enumerate(stands)]  # what it heard before it died is past
        found = [*ill.values(), *(early or troubles.displaced(self._names, known))]
        deaf = zip(self._setup.microphones, self._deaf, strict=True)
        return found + [troubles.deaf(one) for one, seconds in deaf if plays and seconds > DEAF_S]
